//! A real Kubernetes on one Linux machine, for tests and for cargo xtask cluster.
