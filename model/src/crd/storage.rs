//! `StoragePlan`: how databases or file stores come to be; `StorageInstance`: one of them.

use super::common::Resources;
use k8s_openapi::api::core::v1::EnvVar;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How stores of one kind are made. Written by the provider of the platform.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, KubeSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "privatecloud.mendix.com",
    version = "v1alpha1",
    kind = "StoragePlan",
    plural = "storageplans",
    namespaced,
    status = "StoragePlanStatus",
    derive = "PartialEq",
    category = "mendix",
    printcolumn(name = "Purpose", type_ = "string", json_path = ".spec.purpose"),
    printcolumn(name = "Type", type_ = "string", json_path = ".spec.type"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    // Else a second plan of one name takes the place of the first, and its apps wait for a store that never comes.
    validation = Rule::new("!has(oldSelf.spec.purpose) || (has(self.spec.purpose) && self.spec.purpose == oldSelf.spec.purpose)")
        .message("spec.purpose: there is a plan of this name for another purpose: choose another name")
)]
#[serde(rename_all = "camelCase")]
pub struct StoragePlanSpec {
    /// `on-demand`: a store is made for each environment. `dedicated`: the store exists and serves one.
    #[serde(rename = "type")]
    pub type_: Option<PlanType>,
    /// What the plan provides; plans of the official operator do not say it.
    pub purpose: Option<Purpose>,
    /// The task pod that does the work.
    pub provisioner: Option<Provisioner>,
}

/// See [`StoragePlanSpec::type_`].
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanType {
    /// A store is made for each environment.
    #[default]
    OnDemand,
    /// The store exists and serves one environment.
    Dedicated,
}

/// What a store is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// The app's database.
    Database,
    /// The app's files.
    File,
}

impl Purpose {
    /// The word used in names and variables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::File => "file",
        }
    }
}

/// The task pod of a plan. `docs/provisioners.md` is its contract.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provisioner {
    /// Image; the controller's own when absent.
    pub image: Option<String>,
    /// Command; the image's own when absent.
    pub command: Option<Vec<String>>,
    /// Arguments; `{{.Action}}` becomes `provision` or `deprovision`.
    pub args: Option<Vec<String>>,
    /// Secret of this namespace with the administrator's credentials, mounted into the task pod.
    pub admin_secret_name: Option<String>,
    /// CPU and memory.
    pub resources: Option<Resources>,
    /// Account of the pod; `mendix-storage-provisioner` when absent.
    pub service_account_name: Option<String>,
    /// Further variables.
    pub env: Option<Vec<EnvVar>>,
}

/// Which instances use a plan.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoragePlanStatus {
    /// Names of the storage instances in use.
    pub storage_instances: Option<Vec<String>>,
    /// Standard conditions.
    #[serde(default)]
    #[x_kube(merge_strategy = kube::core::ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// One store of one environment.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, KubeSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "privatecloud.mendix.com",
    version = "v1alpha1",
    kind = "StorageInstance",
    plural = "storageinstances",
    namespaced,
    status = "StorageInstanceStatus",
    derive = "PartialEq",
    category = "mendix",
    printcolumn(name = "Purpose", type_ = "string", json_path = ".spec.purpose"),
    printcolumn(name = "Plan", type_ = "string", json_path = ".spec.planName"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct StorageInstanceSpec {
    /// Plan of the same namespace.
    pub plan_name: String,
    /// What the store is for.
    pub purpose: Purpose,
    /// Environment that owns the store.
    pub environment: String,
}

/// Status of a store.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageInstanceStatus {
    /// Generation of the spec that this status speaks of.
    pub observed_generation: Option<i64>,
    /// Where the work stands.
    pub phase: Option<TaskPhase>,
    /// Secret with the credentials, once there.
    pub secret_name: Option<String>,
    /// Task pod, while it works or when it has failed.
    pub task_pod: Option<String>,
    /// Standard conditions: Ready, Reconciling, Stalled.
    #[serde(default)]
    #[x_kube(merge_strategy = kube::core::ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// Where the work of a task pod stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum TaskPhase {
    /// Nothing runs yet, and the condition says what is waited for.
    Pending,
    /// The task pod runs.
    Running,
    /// Done.
    Ready,
    /// The task pod failed; it stays until somebody deletes it.
    Failed,
    /// The store is being taken down.
    Deprovisioning,
}
