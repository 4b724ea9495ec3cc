# The new image cannot be pulled, so nothing of it ever ran: going back needs no backup, and no pod ends for it.
an app of 3 pods on nodes a b
a pull takes 20s
a start takes 8s
an end takes 3s
node b cannot pull model two: manifest unknown

somebody deploys model two
until the status says: cannot be pulled on node b
somebody goes back
until all is well
1 leader of model one serves
2 workers of model one serve
