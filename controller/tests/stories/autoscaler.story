# An autoscaler sets the number of pods while a model is rolled out.
an app of 3 pods on nodes a b
a start takes 8s
an end takes 3s
the schema of model two takes 1m

somebody deploys model two
until the worker of model one ends
the autoscaler sets the replicas to 6
until the leader of model two works on the schema
the autoscaler sets the replicas to 4
until the worker of model two starts
the autoscaler sets the replicas to 5
until all is well
1 leader of model two serves
4 workers of model two serve
