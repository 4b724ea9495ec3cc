//! `Build`: the image of one package.

use super::storage::TaskPhase;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// What is to be built. A change of the source makes a new build.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, KubeSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "privatecloud.mendix.com",
    version = "v1alpha1",
    kind = "Build",
    plural = "builds",
    namespaced,
    status = "BuildStatus",
    derive = "PartialEq",
    category = "mendix",
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Model", type_ = "string", json_path = ".status.model"),
    printcolumn(name = "Image", type_ = "string", json_path = ".status.image", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct BuildSpec {
    /// `http(s)://` address of a package, or `oci-image://` and an image that is used as it is.
    #[serde(rename = "sourceURL")]
    pub source_url: String,
    /// Free-form version of the model.
    pub source_version: Option<String>,
    /// Environment the image is for.
    pub environment: String,
}

/// Result of a build. The image stays that of the last success while a later build fails.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildStatus {
    /// Generation of the spec that this status speaks of.
    pub observed_generation: Option<i64>,
    /// Where the work for the present source stands.
    pub phase: Option<TaskPhase>,
    /// Hash of the input that `image` was built from; a build is done when it equals that of the present input.
    pub built_input: Option<String>,
    /// Image of the last success, by digest, as nodes pull it.
    pub image: Option<String>,
    /// Model of the last success: see [`crate::names::model_of`].
    pub model: Option<String>,
    /// Entry point and arguments of the image, for the guard, which starts them as its child.
    pub command: Option<Vec<String>>,
    /// Runtime version out of the package.
    pub runtime_version: Option<String>,
    /// Model version out of the package.
    pub model_version: Option<String>,
    /// Task pod, while it works or when it has failed.
    pub task_pod: Option<String>,
    /// Standard conditions: Ready, Reconciling, Stalled.
    #[serde(default)]
    #[x_kube(merge_strategy = kube::core::ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}
