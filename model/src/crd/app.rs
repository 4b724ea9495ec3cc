//! `MendixApp`: the only resource that a user edits.

use super::common::{
    DeploymentStrategy, DisruptionBudget, ForAllPods, LeaderSelection, Resources, RuntimeLicense,
    RuntimeMetricsConfiguration, StringMap, Tls,
};
use super::quantity::Quantity;
use k8s_openapi::api::core::v1::TopologySpreadConstraint;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A Mendix app: its package, its stores, its address and its runtime.
///
/// Fields and defaults follow the Mendix documentation ("Editing the CR"). Unknown fields are preserved.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "privatecloud.mendix.com",
    version = "v1alpha1",
    kind = "MendixApp",
    plural = "mendixapps",
    namespaced,
    status = "MendixAppStatus",
    derive = "PartialEq",
    category = "mendix",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(name = "State", type_ = "string", json_path = ".status.state"),
    printcolumn(name = "Leader", type_ = "string", json_path = ".status.leader"),
    printcolumn(name = "Workers", type_ = "string", json_path = ".status.workers"),
    printcolumn(name = "Model", type_ = "string", json_path = ".status.model", priority = 1),
    printcolumn(name = "Build", type_ = "string", json_path = ".status.buildStatus"),
    printcolumn(name = "Database", type_ = "string", json_path = ".status.databaseStatus"),
    printcolumn(name = "URL", type_ = "string", json_path = ".status.appURL"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("!self.metadata.name.startsWith('mendix-')")
        .message("names that start with mendix- are reserved (MX100): choose another name")
)]
#[serde(rename_all = "camelCase")]
pub struct MendixAppSpec {
    /// Where the database comes from; absent with a secret store.
    pub database: Option<ServicePlan>,
    /// Where files are kept; absent with a secret store.
    pub storage: Option<ServicePlan>,
    /// Studio Pro version; read from the package when absent.
    pub mendix_runtime_version: Option<String>,
    /// `http(s)://` address of a deployment package, or `oci-image://` and an image that was built before.
    #[serde(rename = "sourceURL")]
    pub source_url: Option<String>,
    /// Free-form version of the model, for people.
    pub source_version: Option<String>,
    /// Host name without scheme or path; generated when absent.
    #[serde(rename = "appURL")]
    pub app_url: Option<String>,
    /// TLS of the endpoint.
    pub tls: Option<Tls>,
    /// Number of runtime pods; 0 stops the app. 1 when absent.
    // A default in the definition too: without a number the scale subresource answers with an error.
    #[schemars(range(min = 0), extend("default" = 1))]
    pub replicas: Option<i32>,
    /// Resources of container `mendix`.
    pub resources: Option<Resources>,
    /// Annotations of the runtime's pods.
    pub runtime_deployment_pod_annotations: Option<StringMap>,
    /// Annotations of the Service, over those of the `OperatorConfiguration`.
    pub service_annotations: Option<StringMap>,
    /// Annotations of Ingress, Route or `HTTPRoute`, over those of the `OperatorConfiguration`.
    pub endpoint_annotations: Option<StringMap>,
    /// Ingress class.
    pub ingress_class_name: Option<String>,
    /// Ingress path.
    pub ingress_path: Option<String>,
    /// Ingress path type.
    pub ingress_path_type: Option<String>,
    /// Topology spread of the runtime's pods.
    pub topology_spread_constraints: Option<Vec<TopologySpreadConstraint>>,
    /// Settings of the Mendix Runtime.
    pub runtime: Option<RuntimeSettings>,
    /// Metrics of the runtime.
    pub runtime_metrics_configuration: Option<RuntimeMetricsConfiguration>,
    /// Who leads; `assigned` when absent.
    pub runtime_leader_selection: Option<LeaderSelection>,
    /// Labels of all pods.
    pub custom_pod_labels: Option<ForAllPods>,
    /// Annotations of all pods.
    pub custom_pod_annotations: Option<ForAllPods>,
    /// Node selector of all pods.
    pub custom_pod_node_selector: Option<ForAllPods>,
    /// Product asked of a licence manager; accepted and ignored, as no licence manager is asked.
    pub runtime_license_product: Option<String>,
    /// How changes that keep the model are rolled out.
    pub deployment_strategy: Option<DeploymentStrategy>,
    /// Disruption budget.
    pub pod_disruption_budget: Option<DisruptionBudget>,
    /// Mount the root file system of container `mendix` read-only.
    pub runtime_read_only_root_filesystem: Option<bool>,
    /// Read credentials and settings from an annotated Secret or mounted files (`docs/secret-stores.md`).
    #[serde(rename = "allowOverrideSecretsWithSecretStoreCSIDriver")]
    pub allow_override_secrets_with_secret_store_csi_driver: Option<bool>,
    /// JVM memory.
    pub jvm_memory_settings: Option<JvmMemorySettings>,
}

/// Reference to a [`StoragePlan`](super::StoragePlan) of the same namespace.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePlan {
    /// Name of the plan; empty with a secret store.
    pub service_plan: Option<String>,
    /// Of operators of 2020; accepted and ignored.
    pub service_class: Option<String>,
}

/// JVM memory, operator 2.26 and later.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JvmMemorySettings {
    /// Heap; derived from the memory limit when absent.
    pub heap_limit: Option<Quantity>,
}

/// Settings of the Mendix Runtime.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeSettings {
    /// TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL; INFO when absent.
    pub log_autosubscribe_level: Option<String>,
    /// Base64; empty leaves the password as it is.
    pub mx_admin_password: Option<String>,
    /// Base64; empty switches the debugger off.
    pub debugger_password: Option<String>,
    /// `P` for production, `D` for development.
    pub dtap_mode: Option<String>,
    /// Log node to level.
    pub log_levels: Option<StringMap>,
    /// `plain` or `json`.
    pub log_format_type: Option<String>,
    /// Constant to value; wins over `customConfiguration`.
    pub microflow_constants: Option<StringMap>,
    /// ALL, NONE or SPECIFIED.
    pub scheduled_event_execution: Option<String>,
    /// Events, only with SPECIFIED.
    pub my_scheduled_events: Option<Vec<String>>,
    /// JSON object with Jetty options.
    pub jetty_options: Option<String>,
    /// Environment variables of container `mendix`.
    pub environment_variables: Option<Vec<EnvironmentVariable>>,
    /// Client certificates.
    pub client_certificates: Option<Vec<ClientCertificate>>,
    /// JSON object with any runtime setting.
    pub custom_configuration: Option<String>,
    /// Licence.
    pub runtime_license: Option<RuntimeLicense>,
    /// Address of the app, instead of the endpoint's own.
    pub application_root_url: Option<String>,
}

/// One environment variable, by value or from a Secret.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentVariable {
    /// Name.
    pub name: String,
    /// Value.
    pub value: Option<String>,
    /// Source of the value.
    pub value_from: Option<ValueFrom>,
}

/// See [`EnvironmentVariable`].
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueFrom {
    /// Key of a Secret in the same namespace.
    pub secret_key_ref: Option<SecretKey>,
}

/// A key of a Secret.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct SecretKey {
    /// Name of the Secret.
    pub name: String,
    /// Key in it.
    pub key: String,
}

/// A client certificate (PKCS 12).
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientCertificate {
    /// Base64 of the PKCS 12 file.
    pub key: Option<String>,
    /// Base64 of its password, not empty.
    pub password: Option<String>,
    /// Web services or hosts the certificate is used for; all when absent.
    pub pin_to: Option<Vec<String>>,
}

/// Status of an app. The strings `Ready`, `Started` and `Stopped` are those of the official operator.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MendixAppStatus {
    /// Generation of the spec that this status speaks of.
    pub observed_generation: Option<i64>,
    /// One word for the printer column: Ready, Provisioning, Building, Starting, Stopped, Failed.
    pub state: Option<String>,
    /// `Started` or `Stopped`.
    pub app_state: Option<String>,
    /// Address of the app with its scheme.
    #[serde(rename = "appURL")]
    pub app_url: Option<String>,
    /// `Ready`, or the state and cause of the build.
    pub build_status: Option<String>,
    /// `Ready`, or the state and cause of the database's provisioning.
    pub database_status: Option<String>,
    /// `Ready`, or the state and cause of the file store's provisioning.
    pub storage_status: Option<String>,
    /// `Ready`, or the state and cause of the endpoint.
    pub network_status: Option<String>,
    /// `Ready`, or the state and cause of the runtime.
    pub runtime_status: Option<String>,
    /// `Ready` when everything is.
    pub mendix_app_state: Option<String>,
    /// `attached` when the environment has a service account of its own.
    pub service_account_status: Option<String>,
    /// Licence in use.
    pub license_status: Option<LicenseStatus>,
    /// Ready and wanted leaders, as `1/1`.
    pub leader: Option<String>,
    /// Ready and wanted workers, as `2/2`.
    pub workers: Option<String>,
    /// Runtime pods that exist, for the scale subresource.
    pub replicas: Option<i32>,
    /// Selector of the runtime's pods, for the scale subresource.
    pub selector: Option<String>,
    /// Image that runs, by digest.
    pub image: Option<String>,
    /// Model that runs: see [`crate::names::model_of`].
    pub model: Option<String>,
    /// Further settings by name, read from a secret store.
    pub secret_store_settings: Option<BTreeMap<String, String>>,
    /// Standard conditions: Ready, Reconciling, Stalled; and `DatabaseLease` while a pod runs.
    #[serde(default)]
    #[x_kube(merge_strategy = kube::core::ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// Licence in use.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LicenseStatus {
    /// Licence id.
    #[serde(rename = "licenseID")]
    pub license_id: Option<String>,
    /// `Licensed` or `Trial`.
    pub mode: Option<String>,
}
