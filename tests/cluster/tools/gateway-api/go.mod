// The definitions of the Gateway API, for tests that make HTTPRoutes. Nothing is built from it.
module kubectl-mendix.io/tools/gateway-api

go 1.26.0

require sigs.k8s.io/gateway-api v1.6.0
