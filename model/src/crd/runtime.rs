//! `Runtime`: the running app. Written by us once everything it needs is there.

use super::app::{JvmMemorySettings, RuntimeSettings};
use super::common::{
    DeploymentStrategy, DisruptionBudget, LeaderSelection, RuntimeLicense, RuntimeMetricsConfiguration,
    StringMap,
};
use super::quantity::Quantities;
use super::rollout::Wanted;
use k8s_openapi::api::core::v1::TopologySpreadConstraint;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that runtime pods are made from, resolved: image, credentials, address and settings.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "privatecloud.mendix.com",
    version = "v1alpha1",
    kind = "Runtime",
    plural = "runtimes",
    namespaced,
    status = "RuntimeStatus",
    derive = "PartialEq",
    category = "mendix",
    printcolumn(name = "State", type_ = "string", json_path = ".status.state"),
    printcolumn(name = "Leader", type_ = "string", json_path = ".status.leader"),
    printcolumn(name = "Workers", type_ = "string", json_path = ".status.workers"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeSpec {
    /// Environment that runs.
    pub environment: String,
    /// Image by digest.
    pub image: String,
    /// Model of the image.
    pub model: String,
    /// What the guard starts as its child; see [`BuildStatus::command`](super::BuildStatus::command).
    pub command: Option<Vec<String>>,
    /// Version of the Mendix Runtime in the image.
    pub runtime_version: Option<String>,
    /// Wanted pods, leader and workers together.
    #[schemars(range(min = 0))]
    pub replicas: i32,
    /// Who leads.
    pub leader_selection: Option<LeaderSelection>,
    /// Address that the app gives itself.
    pub application_root_url: Option<String>,
    /// Secret with the database's credentials.
    pub database_secret_name: Option<String>,
    /// Secret with the file store's credentials.
    pub file_secret_name: Option<String>,
    /// Where credentials and settings come from besides; what it says wins over everything else.
    pub secret_store: Option<SecretStore>,
    /// Resources of container `mendix`, and the licence, which the official operator keeps here.
    pub resources: Option<RuntimeResources>,
    /// Settings of the Mendix Runtime.
    pub settings: Option<RuntimeSettings>,
    /// Metrics.
    pub metrics: Option<RuntimeMetricsConfiguration>,
    /// Annotations of the pods.
    pub pod_annotations: Option<StringMap>,
    /// Labels of the pods.
    pub pod_labels: Option<StringMap>,
    /// Node selector of the pods.
    pub node_selector: Option<StringMap>,
    /// Topology spread of the pods.
    pub topology_spread_constraints: Option<Vec<TopologySpreadConstraint>>,
    /// How changes that keep the model are rolled out.
    pub deployment_strategy: Option<DeploymentStrategy>,
    /// Disruption budget.
    pub pod_disruption_budget: Option<DisruptionBudget>,
    /// Mount the root file system read-only.
    pub read_only_root_filesystem: Option<bool>,
    /// JVM memory.
    pub jvm_memory_settings: Option<JvmMemorySettings>,
}

/// The secret store of an environment: an object of the environment's name.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretStore {
    /// Kind of the object.
    pub kind: SecretStoreKind,
    /// Address of the database, without credentials, where the object itself does not tell it.
    pub database_jdbc_url: Option<String>,
}

/// Kind of a [`SecretStore`].
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum SecretStoreKind {
    /// A Secret with the documented keys.
    Secret,
    /// What the Secrets Store CSI driver mounts: one file a key, which only the pod sees.
    SecretProviderClass,
}

impl SecretStoreKind {
    /// The kind, for sentences.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::SecretProviderClass => "SecretProviderClass",
        }
    }
}

impl RuntimeSpec {
    /// Without what changes Deployments and budgets, and never pods.
    #[must_use]
    pub fn of_pods(&self) -> Self {
        Self {
            replicas: 0,
            pod_disruption_budget: None,
            deployment_strategy: None,
            ..self.clone()
        }
    }
}

/// See [`RuntimeSpec::resources`].
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeResources {
    /// Upper bounds.
    pub limits: Option<Quantities>,
    /// What is reserved.
    pub requests: Option<Quantities>,
    /// Licence.
    pub runtime_license: Option<RuntimeLicense>,
}

/// State of the running app.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeStatus {
    /// Generation of the spec that this status speaks of.
    pub observed_generation: Option<i64>,
    /// What is to run, after what people intend with the app.
    pub wanted: Option<Wanted>,
    /// Generation of the environment whose intents this status speaks of.
    pub environment_generation: Option<i64>,
    /// `Started`, `Starting`, `Stopping`, `Stopped` or `Failed`.
    pub state: Option<String>,
    /// Ready and wanted leaders, as `1/1`.
    pub leader: Option<String>,
    /// Ready and wanted workers, as `2/2`.
    pub workers: Option<String>,
    /// Pods that exist.
    pub replicas: Option<i32>,
    /// Selector of the pods.
    pub selector: Option<String>,
    /// Image in the present pod template of the leader, by digest.
    pub image: Option<String>,
    /// Model of that image.
    pub model: Option<String>,
    /// Each pod.
    pub pods: Option<Vec<RuntimePod>>,
    /// Whether the database is in the memory of the leader, which then is the only pod.
    pub in_memory: Option<bool>,
    /// Names of the immutable Secrets made for pods, so that old ones are found without listing Secrets.
    pub copies: Option<Vec<String>>,
    /// Standard conditions: Ready, Reconciling, Stalled; and `DatabaseLease` while a pod runs.
    #[serde(default)]
    #[x_kube(merge_strategy = kube::core::ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// One pod of an app.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimePod {
    /// Name.
    pub name: String,
    /// `leader` or `worker`.
    pub role: Option<String>,
    /// Phase of the pod, or the reason of a container that waits.
    pub phase: Option<String>,
    /// Whether traffic reaches it.
    pub ready: Option<bool>,
    /// Restarts of container `mendix`.
    pub restarts: Option<i32>,
    /// Why it is not ready, in a sentence.
    pub message: Option<String>,
    /// Exit code of the last container that ended.
    pub exit_code: Option<i32>,
}
