# The same for an app of one pod: it gets a worker for as long as its leader is replaced.
an app of 1 pod on node a
a start takes 8s
an end takes 3s

somebody sets the constant to 7
until the worker of model one starts
until all is well
until no worker runs
1 leader of model one serves
somebody served all the time
