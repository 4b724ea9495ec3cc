# A worker takes its whole grace period to end: the old leader serves for so long, and nothing of the new model starts.
an app of 3 pods on nodes a b
a start takes 8s
an end takes 3s
the end of a worker takes 303s

somebody deploys model two
until the worker of model one ends
4m pass
1 leader of model one serves
until no worker runs
until all is well
1 leader of model two serves
2 workers of model two serve
