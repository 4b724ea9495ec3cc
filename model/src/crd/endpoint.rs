//! `Endpoint`: how an app is reached.

use super::common::{StringMap, Tls};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// What one app says of its endpoint; the rest stands in the `OperatorConfiguration`.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "privatecloud.mendix.com",
    version = "v1alpha1",
    kind = "Endpoint",
    plural = "endpoints",
    namespaced,
    status = "EndpointStatus",
    derive = "PartialEq",
    category = "mendix",
    printcolumn(name = "URL", type_ = "string", json_path = ".status.appURL"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct EndpointSpec {
    /// Environment that is reached.
    pub environment: String,
    /// Host name without scheme or path; generated when absent.
    #[serde(rename = "appURL")]
    pub app_url: Option<String>,
    /// TLS.
    pub tls: Option<Tls>,
    /// Annotations of the Service.
    pub service_annotations: Option<StringMap>,
    /// Annotations of Ingress, Route or `HTTPRoute`.
    pub endpoint_annotations: Option<StringMap>,
    /// Ingress class.
    pub ingress_class_name: Option<String>,
    /// Ingress path.
    pub ingress_path: Option<String>,
    /// Ingress path type.
    pub ingress_path_type: Option<String>,
}

/// Where an app is reached.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointStatus {
    /// Generation of the spec that this status speaks of.
    pub observed_generation: Option<i64>,
    /// Address with its scheme, also one that a load balancer made up.
    #[serde(rename = "appURL")]
    pub app_url: Option<String>,
    /// Standard conditions: Ready, Reconciling, Stalled.
    #[serde(default)]
    #[x_kube(merge_strategy = kube::core::ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
