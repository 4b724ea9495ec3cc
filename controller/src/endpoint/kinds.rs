//! Kinds that a cluster need not have, as far as we write and read them. `Route`: `OpenShift` documentation, "Route
//! [route.openshift.io/v1]"; `HTTPRoute`: Gateway API specification, version v1.
//!
//! What a server fills in is either set here as well, so that what comes back is what was sent, or not among the fields.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// A `Route`. With its own certificate it holds a private key.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "route.openshift.io",
    version = "v1",
    kind = "Route",
    plural = "routes",
    namespaced,
    schema = "disabled",
    status = "RouteStatus",
    derive = "PartialEq"
)]
pub(crate) struct RouteSpec {
    /// The cluster takes one of its own when absent, and writes it here.
    pub(crate) host: Option<String>,
    pub(crate) path: Option<String>,
    #[serde(default)]
    pub(crate) to: RouteTarget,
    pub(crate) port: Option<RoutePort>,
    pub(crate) tls: Option<RouteTls>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct RouteTarget {
    pub(crate) kind: String,
    pub(crate) name: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoutePort {
    /// Name of a port of the Service.
    pub(crate) target_port: IntOrString,
}

#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteTls {
    pub(crate) termination: String,
    pub(crate) insecure_edge_termination_policy: Option<String>,
    pub(crate) certificate: Option<String>,
    pub(crate) key: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct RouteStatus {
    /// One entry for each router that has looked at the Route.
    #[serde(default)]
    pub(crate) ingress: Vec<RouteIngress>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct RouteIngress {
    #[serde(default)]
    pub(crate) host: String,
    #[serde(default)]
    pub(crate) conditions: Vec<Told>,
}

/// An `HTTPRoute`.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "gateway.networking.k8s.io",
    version = "v1",
    kind = "HTTPRoute",
    root = "HttpRoute",
    plural = "httproutes",
    namespaced,
    schema = "disabled",
    status = "HttpRouteStatus",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpRouteSpec {
    #[serde(default)]
    pub(crate) parent_refs: Vec<ParentRef>,
    #[serde(default)]
    pub(crate) hostnames: Vec<String>,
    #[serde(default)]
    pub(crate) rules: Vec<HttpRouteRule>,
}

#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ParentRef {
    pub(crate) group: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: Option<String>,
    pub(crate) section_name: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpRouteRule {
    #[serde(default)]
    pub(crate) matches: Vec<HttpRouteMatch>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) filters: Vec<HttpRouteFilter>,
    #[serde(default)]
    pub(crate) backend_refs: Vec<BackendRef>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct HttpRouteMatch {
    #[serde(default)]
    pub(crate) path: PathMatch,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct PathMatch {
    #[serde(rename = "type")]
    pub(crate) type_: String,
    pub(crate) value: String,
}

#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpRouteFilter {
    #[serde(rename = "type")]
    pub(crate) type_: String,
    pub(crate) request_header_modifier: Option<HeaderFilter>,
    pub(crate) response_header_modifier: Option<HeaderFilter>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct HeaderFilter {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) set: Vec<Header>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) add: Vec<Header>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) remove: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct BackendRef {
    pub(crate) name: String,
    pub(crate) port: Option<i32>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct HttpRouteStatus {
    /// One entry for each Gateway that has looked at the route.
    #[serde(default)]
    pub(crate) parents: Vec<RouteParent>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteParent {
    #[serde(default)]
    pub(crate) conditions: Vec<Told>,
}

/// A condition, whoever wrote it and however complete it is.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    #[serde(rename = "type")]
    pub(crate) type_: String,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) observed_generation: Option<i64>,
}
