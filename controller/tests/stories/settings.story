# Other settings of the same model: workers one after the other, then the leader while a worker serves.
an app of 3 pods on nodes a b
a start takes 8s
an end takes 3s
whatever write the controller is killed after

somebody sets the constant to 7
until all is well
somebody served all the time
1 leader of model one serves
2 workers of model one serve
