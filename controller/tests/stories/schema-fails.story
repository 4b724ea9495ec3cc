# The work on the schema fails: no earlier model may follow, a mended one may.
an app of 2 pods on nodes a b
a start takes 8s
an end takes 3s
the schema of model two takes 1m
the schema of model two fails with: execute_ddl_commands: column Shop$Order.Total cannot be cast

somebody deploys model two
until the leader of model two crashes
until the status says: cannot be cast; deploy a model that is mended
no worker runs
somebody goes back, which is refused: MX009

somebody deploys model three
until all is well
1 leader of model three serves
1 worker of model three serves
