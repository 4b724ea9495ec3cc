# The work on the schema takes longer than the progress deadline of Deployments (1 h): nobody calls that a failure.
an app of 2 pods on nodes a b
a start takes 8s
an end takes 3s
the schema of model two takes 80m

somebody deploys model two
until the leader of model two works on the schema
75m pass
the status says: brings the schema of the database to its model by 12 statements
until all is well
1 leader of model two serves
1 worker of model two serves
