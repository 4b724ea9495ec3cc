// One static program for the test nodes: the sandbox of every pod, and a server and a client to test with.
module kubectl-mendix.io/tools/pause

go 1.26.0
