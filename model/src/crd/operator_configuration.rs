//! `OperatorConfiguration`: one object a namespace, `mendix-operator-configuration`. We watch it.

use super::common::{ForAllPods, Resources, RuntimeMetricsConfiguration, StringMap};
use k8s_openapi::api::core::v1::Probe;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the provider of the platform sets for all apps of a namespace.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "privatecloud.mendix.com",
    version = "v1alpha1",
    kind = "OperatorConfiguration",
    plural = "operatorconfigurations",
    namespaced,
    derive = "PartialEq",
    category = "mendix",
    printcolumn(name = "Endpoint", type_ = "string", json_path = ".spec.endpoint.type"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct OperatorConfigurationSpec {
    /// Tag of the OS image; accepted and not used: our base images hold OS and runtime together.
    #[serde(rename = "baseOSImageTagTemplate")]
    pub base_os_image_tag_template: Option<String>,
    /// Base image with runtime; `{{.MxRuntimeVersion}}` and `{{.JavaVersion}}` are filled in.
    pub build_runtime_base_image: Option<String>,
    /// How apps are reached.
    pub endpoint: Option<EndpointConfiguration>,
    /// Where images go.
    pub registry: Option<Registry>,
    /// Certificates that are trusted besides the usual ones.
    pub trust: Option<Trust>,
    /// Ours: proxy of task pods; how the official operator calls its own is not published.
    pub proxy: Option<Proxy>,
    /// Licence manager; accepted and not asked, since its protocol is not published.
    pub license_manager: Option<LicenseManager>,
    /// Of the official sidecar; ours are parts of the guard, so this is added to nothing.
    pub sidecar_resources: Option<Resources>,
    /// Of the official metrics sidecar.
    pub metrics_sidecar_resources: Option<Resources>,
    /// Resources of build pods.
    pub build_resources: Option<Resources>,
    /// Resources of runtime pods whose app names none.
    pub runtime_resources: Option<Resources>,
    /// Partial probe, over the defaults.
    pub runtime_liveness_probe: Option<Probe>,
    /// Partial probe, over the defaults.
    pub runtime_readiness_probe: Option<Probe>,
    /// Without effect since operator 2.15; accepted.
    pub runtime_startup_probe: Option<Probe>,
    /// Seconds a runtime may take to stop; 300 when absent.
    #[schemars(range(min = 0))]
    pub runtime_termination_grace_period_seconds: Option<i64>,
    /// Seconds between leaving the endpoints and the stop.
    #[schemars(range(min = 0))]
    pub runtime_termination_delay_seconds: Option<i64>,
    /// Mount an API token into runtime pods.
    pub runtime_automount_service_account_token: Option<bool>,
    /// Annotations of runtime pods.
    pub runtime_deployment_pod_annotations: Option<StringMap>,
    /// Metrics.
    pub runtime_metrics_configuration: Option<RuntimeMetricsConfiguration>,
    /// `plain` or `json`.
    pub runtime_log_format_type: Option<String>,
    /// Labels of all pods.
    pub custom_pod_labels: Option<ForAllPods>,
    /// Annotations of all pods.
    pub custom_pod_annotations: Option<ForAllPods>,
    /// Node selector of all pods.
    pub custom_pod_node_selector: Option<ForAllPods>,
}

/// How apps of a namespace are reached.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointConfiguration {
    /// `ingress`, `openshiftRoute`, `service` or `gatewayRoute`; `service` when absent.
    #[serde(rename = "type")]
    pub type_: Option<EndpointType>,
    /// `ClusterIP` or `LoadBalancer`.
    pub service_type: Option<String>,
    /// Ports of the Service; `[8080]` when absent.
    pub service_ports: Option<Vec<i32>>,
    /// Annotations of the Service; templates `{{.Name}}` and `{{.Domain}}`.
    pub service_annotations: Option<StringMap>,
    /// For type `ingress`.
    pub ingress: Option<IngressConfiguration>,
    /// For type `openshiftRoute`.
    pub openshift_route: Option<RouteConfiguration>,
    /// For type `gatewayRoute`.
    pub gateway_route: Option<GatewayRouteConfiguration>,
}

/// See [`EndpointConfiguration::type_`].
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum EndpointType {
    /// Service and Ingress.
    Ingress,
    /// Service and `OpenShift` Route.
    OpenshiftRoute,
    /// Service alone.
    #[default]
    Service,
    /// Service and `HTTPRoute`.
    GatewayRoute,
}

/// Ingresses of a namespace.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IngressConfiguration {
    /// Annotations; values are templates.
    pub annotations: Option<StringMap>,
    /// Domain under which hosts are generated.
    pub domain: Option<String>,
    /// TLS.
    #[serde(rename = "enableTLS")]
    pub enable_tls: Option<bool>,
    /// Secret with the certificate; a template.
    pub tls_secret_name: Option<String>,
    /// Class.
    pub ingress_class_name: Option<String>,
    /// Write the class as annotation `kubernetes.io/ingress.class` instead.
    pub custom_ingress_class_as_annotation: Option<bool>,
    /// Path; `/` when absent.
    pub path: Option<String>,
    /// Path type; left out when absent.
    pub path_type: Option<String>,
}

/// `OpenShift` Routes of a namespace.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteConfiguration {
    /// Annotations; values are templates.
    pub annotations: Option<StringMap>,
    /// Domain; the cluster's own when absent.
    pub domain: Option<String>,
    /// Edge termination with redirect.
    #[serde(rename = "enableTLS")]
    pub enable_tls: Option<bool>,
    /// Secret with the certificate; a template.
    pub tls_secret_name: Option<String>,
}

/// `HTTPRoutes` of a namespace.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayRouteConfiguration {
    /// Ours: annotations; values are templates.
    pub annotations: Option<StringMap>,
    /// Domain under which hosts are generated.
    pub domain: Option<String>,
    /// Whether the Gateway terminates TLS; decides on the scheme of the address alone.
    #[serde(rename = "enableTLS")]
    pub enable_tls: Option<bool>,
    /// The Gateway.
    pub gateway_parent_reference: Option<ParentReference>,
    /// Changes of response headers.
    pub gateway_route_response_header_modifiers: Option<HeaderModifiers>,
    /// Changes of request headers.
    pub gateway_route_request_header_modifiers: Option<HeaderModifiers>,
}

/// A Gateway.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentReference {
    /// API group.
    pub group: Option<String>,
    /// Kind.
    pub kind: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Namespace.
    pub namespace: Option<String>,
    /// Ours: the one listener of it that is meant; all of them when absent.
    pub section_name: Option<String>,
}

/// Header changes of a route.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct HeaderModifiers {
    /// Added.
    pub add: Option<StringMap>,
    /// Replaced.
    pub set: Option<StringMap>,
    /// Taken away.
    pub remove: Option<Vec<String>>,
}

/// Where images are pushed to and pulled from.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Registry {
    /// Kind of registry, such as `generic`.
    #[serde(rename = "type")]
    pub type_: Option<String>,
    /// Host and path as nodes see them; `pushURL` when absent.
    #[serde(rename = "pullURL")]
    pub pull_url: Option<String>,
    /// Host and path as build pods see them.
    #[serde(rename = "pushURL")]
    pub push_url: Option<String>,
    /// Repository and tag below the address; templates `{{.Name}}`, `{{.Generation}}`, `{{.Version}}`,
    /// `{{.UnixTimestamp}}`, `{{.Timestamp}}`; `{{.Name}}:{{.Generation}}` when absent.
    pub image_name_template: Option<String>,
    /// Ours: Secret of type `kubernetes.io/dockerconfigjson` for pushes, base images and pulls.
    pub secret_name: Option<String>,
    /// Ours: plain HTTP.
    pub insecure: Option<bool>,
    /// Ours: account of build pods; `mendix-builder` when absent.
    pub service_account_name: Option<String>,
}

/// Trust.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trust {
    /// Secret with key `custom.crt`.
    #[serde(rename = "customCASecretName")]
    pub custom_ca_secret_name: Option<String>,
}

/// The way out of the cluster for task pods: downloads, base images and registries. Runtime pods get nothing of it, for a
/// Java machine reads no such variables; see `runtime.environmentVariables` with `JAVA_TOOL_OPTIONS`.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proxy {
    /// Address for `http://`, without credentials.
    pub http_proxy: Option<String>,
    /// Address for `https://`, without credentials.
    pub https_proxy: Option<String>,
    /// Hosts, domains and address ranges that are reached directly, with commas between them. What is inside of the
    /// cluster is always among them.
    pub no_proxy: Option<String>,
    /// Secret with keys `HTTP_PROXY` and `HTTPS_PROXY`, for addresses with credentials; then both fields count no more.
    pub secret_name: Option<String>,
}

/// Licence manager.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LicenseManager {
    /// Secret with keys `username` and `password`.
    pub credentials_secret_name: Option<String>,
    /// Address.
    #[serde(rename = "serverURL")]
    pub server_url: Option<String>,
}
