# One node cannot pull the new image: the old model goes on serving, and the status says why.
an app of 3 pods on nodes a b
a pull takes 20s
a start takes 8s
an end takes 3s
node b cannot pull model two: no space left on device

somebody deploys model two
until the status says: cannot be pulled on node b: ErrImagePull: no space left on device
10m pass
1 leader of model one serves
2 workers of model one serve
node b can pull again
until all is well
1 leader of model two serves
2 workers of model two serve
