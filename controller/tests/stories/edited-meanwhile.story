# Settings change while the leader of another model works on the schema: one with the new settings takes its place, and
# goes on with that work.
an app of 3 pods on nodes a b
a start takes 8s
an end takes 3s
the schema of model two takes 1m

somebody deploys model two
until the leader of model two works on the schema
somebody sets the constant to 7
until all is well
1 leader of model two serves
2 workers of model two serve
