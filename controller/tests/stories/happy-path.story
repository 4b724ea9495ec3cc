# Another model, on two nodes, with everything in order. The old model serves while the new image is pulled; workers end
# first, the old leader last; the new leader brings the database to its model before any worker starts.
an app of 3 pods on nodes a b
a build takes 30s
a pull takes 20s
a start takes 8s
an end takes 3s
the schema of model two takes 15s
whatever write the controller is killed after

somebody deploys model two
until the worker of model one ends
1 leader of model one serves
until no worker runs
until the leader of model two works on the schema
no worker runs
until all is well
1 leader of model two serves
2 workers of model two serve
