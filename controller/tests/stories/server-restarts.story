# The API server is away in the middle, and afterwards tells for a while what was so before.
an app of 3 pods on nodes a b
a pull takes 20s
a start takes 8s
an end takes 30s

somebody deploys model two
until the worker of model one ends
the API server is away for 20s
until no worker runs
reads are outdated for 1m
until the leader of model two starts
the API server is away for 20s
reads are outdated for 1m
until all is well
1 leader of model two serves
2 workers of model two serve
