//! `Environment`: an app with its database, however its pods come about; what people intend with it, and why its pods
//! wait.

use super::claim::Schema;
use super::common::LeaderSelection;
use super::rollout::Rollout;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an environment is, and what is intended with it.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "guard.kubectl-mendix.io",
    version = "v1alpha1",
    kind = "Environment",
    plural = "environments",
    namespaced,
    status = "EnvironmentStatus",
    derive = "PartialEq",
    category = "mendix",
    printcolumn(name = "Claim", type_ = "string", json_path = ".status.claim"),
    printcolumn(name = "State", type_ = "string", json_path = ".status.claimState"),
    printcolumn(name = "Model", type_ = "string", json_path = ".status.model"),
    printcolumn(name = "Held", type_ = "integer", json_path = ".status.heldCount"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentSpec {
    /// Who leads among the pods.
    pub leader_selection: Option<LeaderSelection>,
    /// Model that is to run, where it is known before any pod; else that of the leader's current template.
    pub model: Option<String>,
    /// Secret with the documented keys of the database; else the pods' own variables say which database it is.
    pub database_secret_name: Option<String>,
    /// Address of the database, without credentials, where no Secret tells it.
    pub database_jdbc_url: Option<String>,
    /// When a pod counts as ended although no kubelet said so; `manual` when absent.
    pub fencing: Option<Fencing>,
    /// Nodes that somebody said are off for good.
    pub fenced: Option<Vec<FencedNode>>,
    /// A restore of the database that somebody declared.
    pub restored: Option<Restored>,
    /// A takeover of the database that somebody declared.
    pub adopt: Option<Adopt>,
    /// The app is to run no pod, whatever its `MendixApp` says; only apps of ours look at it.
    pub stopped: Option<bool>,
    /// Deployments of the app stay as they are until this is taken back; only apps of ours look at it.
    pub paused: Option<bool>,
    /// All pods of the app are to be replaced; only apps of ours look at it.
    pub restart: Option<Restart>,
    /// Pods of the app are to get the defaults of the present release; only apps of ours look at it.
    pub refresh: Option<Refresh>,
    /// An earlier model is to run in place of the one that the app asks for; only apps of ours look at it.
    pub undo: Option<Undo>,
}

/// What proves that the pods of a lost node have ended.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fencing {
    /// Only a person's word: `kubectl mendix fence NODE`.
    #[default]
    Manual,
    /// The node's object was deleted: right where a cloud provider deletes it only after the machine is off.
    NodeDeleted,
    /// Taint `node.kubernetes.io/out-of-service`, which a person or a fencing agent sets.
    OutOfServiceTaint,
}

/// A node that is off for good.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FencedNode {
    /// Name of the node.
    pub name: String,
    /// When it was said. Pods that were made later are not meant.
    pub at: String,
}

/// A declared restore.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// Tells this restore from others, so that each counts once.
    pub id: String,
    /// Model that the restored database fits.
    pub model: String,
}

/// Take the database over from the owner that its claim names; counts once.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Adopt {
    /// Tells this takeover from others, so that each counts once.
    pub id: String,
}

/// A restart that somebody asked for.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restart {
    /// Tells this restart from others, so that each counts once.
    pub id: String,
}

/// A wish for the present defaults.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refresh {
    /// Tells this wish from others, so that each counts once.
    pub id: String,
}

/// A way back that somebody took.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Undo {
    /// Tells this way back from others.
    pub id: String,
    /// Model that is undone. Once the app asks for another one, this is over.
    pub from: String,
    /// Model that is to run.
    pub model: String,
    /// Its image, by digest.
    pub image: String,
    /// What its containers run.
    pub command: Option<Vec<String>>,
}

/// What the gate knows of an environment.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentStatus {
    /// Generation of the spec that this status speaks of.
    pub observed_generation: Option<i64>,
    /// Claim of the database.
    pub claim: Option<String>,
    /// State of the claim.
    pub claim_state: Option<String>,
    /// Model of the pods that may run.
    pub model: Option<String>,
    /// The schema of the database, as far as it is known.
    pub schema: Option<Schema>,
    /// The last rollouts, the oldest first.
    pub rollouts: Option<Vec<Rollout>>,
    /// Pods that wait at the gate, and why.
    pub held: Option<Vec<HeldPod>>,
    /// Images of plain manifests by digest.
    pub images: Option<Vec<ResolvedImage>>,
    /// Number of pods that wait at the gate.
    pub held_count: Option<i32>,
    /// Standard conditions: Ready, Reconciling, Stalled; and, of plain manifests, `DatabaseLease` while a pod runs.
    #[serde(default)]
    #[x_kube(merge_strategy = kube::core::ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// What an image was when its template was first seen, and that it could be pulled.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedImage {
    /// Image as the template names it.
    pub image: String,
    /// What tells the template from earlier and later ones.
    pub revision: String,
    /// Image by digest.
    pub resolved: String,
}

/// A pod that waits at the gate.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldPod {
    /// Name of the pod.
    pub pod: String,
    /// Id of the condition that holds it.
    pub rule: String,
    /// What is missing and what to do.
    pub message: String,
}
