# A third model is wanted while the second one is on its way.
an app of 3 pods on nodes a b
a build takes 30s
a start takes 8s
an end takes 3s
the schema of model two takes 1m

somebody deploys model two
until the leader of model two starts
somebody deploys model three
until all is well
1 leader of model three serves
2 workers of model three serve
