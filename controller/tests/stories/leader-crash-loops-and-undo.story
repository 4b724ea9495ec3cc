# The same, and the way back: its leader was started, so the database may have changed, and its backup is restored first.
an app of 3 pods on nodes a b
a start takes 8s
an end takes 3s
the leader of model two ends with: constant Shop.Key is not set

somebody deploys model two
until the status says: ended 3 times
somebody restores the backup and goes back
until all is well
1 leader of model one serves
2 workers of model one serve
