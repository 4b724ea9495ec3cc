# The same, and the node comes back: its kubelet ends what was to end.
an app of 3 pods on nodes a b
a start takes 8s
an end takes 3s
the schema of model two takes 5m

somebody deploys model two
until the leader of model two works on the schema
node a is lost
until a pod is held by MX011
10m pass
node a comes back
until all is well
1 leader of model two serves
2 workers of model two serve
