# The new leader crashes again and again: the rollout stops there, workers stay held, and the status says what to do.
# This is the way forward: a model that is mended.
an app of 3 pods on nodes a b
a start takes 8s
an end takes 3s
the leader of model two ends with: constant Shop.Key is not set

somebody deploys model two
until the status says: ended 3 times: constant Shop.Key is not set; deploy a model that is mended
the status says: kubectl mendix undo shop --restored
5m pass
no worker runs
somebody goes back, which is refused: MX009

somebody deploys model three
until all is well
1 leader of model three serves
2 workers of model three serve
