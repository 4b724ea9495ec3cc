# Somebody wants one pod, then more, while a model is rolled out.
an app of 3 pods on nodes a b
a start takes 8s
an end takes 3s
the schema of model two takes 1m

somebody deploys model two
until the leader of model one ends
somebody sets the replicas to 1
until the leader of model two works on the schema
somebody sets the replicas to 3
until all is well
1 leader of model two serves
2 workers of model two serve
