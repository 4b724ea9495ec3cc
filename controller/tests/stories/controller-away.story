# The controller is killed in the middle of a rollout and stays away: what serves goes on, and the next one goes on with it.
an app of 3 pods on nodes a b
a start takes 8s
an end takes 3s
the schema of model two takes 1m

somebody deploys model two
until the worker of model one ends
the controller is killed, and back after 10m
5m pass
1 leader of model one serves
until the leader of model two works on the schema
the controller is killed, and back after 10m
until all is well
1 leader of model two serves
2 workers of model two serve
