//! `DatabaseClaim`: to which environment a database belongs, and which pods may run on it.
//!
//! Everything is in `spec`, without a status: the record changes as a whole, by compare-and-swap on its
//! `resourceVersion`. Only the controller writes it.

use super::common::LeaderSelection;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The form of records that this release writes. A controller that meets a higher one stops instead of guessing.
pub const FORMAT_VERSION: u32 = 1;

/// The record of one database. Its name is the hash of the database's identity, so that creating it is atomic: the
/// second creator is refused.
#[serde_with::skip_serializing_none]
#[derive(CustomResource, Clone, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[kube(
    group = "guard.kubectl-mendix.io",
    version = "v1alpha1",
    kind = "DatabaseClaim",
    plural = "databaseclaims",
    derive = "PartialEq",
    category = "mendix",
    printcolumn(name = "Namespace", type_ = "string", json_path = ".spec.owner.namespace"),
    printcolumn(name = "Environment", type_ = "string", json_path = ".spec.owner.environment"),
    printcolumn(name = "State", type_ = "string", json_path = ".spec.state"),
    printcolumn(name = "Model", type_ = "string", json_path = ".spec.model"),
    printcolumn(name = "Schema", type_ = "string", json_path = ".spec.schema.state"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseClaimSpec {
    /// See [`FORMAT_VERSION`].
    #[schemars(schema_with = "version_schema")]
    pub format_version: u32,
    /// The environment that the database belongs to.
    pub owner: Owner,
    /// What may happen on the database.
    pub state: ClaimState,
    /// Who leads among the pods in `opened`.
    pub mode: LeaderSelection,
    /// Model of the pods in `opened`; absent before the first one.
    pub model: Option<String>,
    /// The schema, as far as pods that were opened may have changed it; absent when none ever was.
    pub schema: Option<Schema>,
    /// Models whose leader was opened, in the order of first opening.
    #[serde(default)]
    pub models: Vec<ModelSeen>,
    /// Every pod that may run on the database.
    #[serde(default)]
    pub opened: Vec<Opened>,
    /// The last declared restore that was taken note of.
    pub restored: Option<String>,
    /// The last take-over that was taken note of.
    pub adopted: Option<String>,
}

fn version_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "integer", "minimum": 1 })
}

/// An environment, in all clusters.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// Uid of the cluster's namespace `kube-system`.
    pub cluster: String,
    /// Namespace.
    pub namespace: String,
    /// Name of the environment.
    pub environment: String,
}

/// What may happen on a database.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ClaimState {
    /// Pods that came about without the gate are being found; nothing opens.
    Adopting,
    /// The owner's pods open one after the other.
    Held,
    /// The owner has gone; `kubectl mendix adopt` gives the database to another one.
    Free,
    /// Somebody else is on the database; nothing opens.
    Contested,
    /// The claim comes from another cluster, or from a backup; nothing opens before `kubectl mendix adopt`.
    Suspended,
}

/// The schema of the database.
#[derive(Clone, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Schema {
    /// Model whose leader was opened last.
    pub model: String,
    /// How far that leader is known to have come.
    pub state: SchemaState,
}

/// See [`Schema::state`].
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SchemaState {
    /// A leader of the model was opened: the schema may be the earlier one, half changed, or the new one.
    Maybe,
    /// A leader of the model has been ready.
    Synced,
}

/// A model whose leader was opened.
#[derive(Clone, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelSeen {
    /// The model.
    pub model: String,
    /// Whether a container of it may have been started, and so have changed the schema.
    pub started: bool,
    /// Whether a leader of it has been ready.
    pub ready: bool,
}

/// A pod that may run.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    /// Uid of the pod.
    pub uid: String,
    /// Name of the pod, to look it up.
    pub name: String,
    /// What it was opened as.
    pub role: Role,
    /// Its model; absent for a pod that was found running and whose model is not known.
    pub model: Option<String>,
}

/// What a pod is to its database.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Updates the schema, runs scheduled events.
    Leader,
    /// Serves requests.
    Worker,
    /// One of several that choose their leader through the database.
    Peer,
    /// Found running without a role: it may be anything.
    Unknown,
}

impl Role {
    /// Value of label `kubectl-mendix.io/role`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Worker => "worker",
            Self::Peer => "peer",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a pod of this role may be the one that changes the schema.
    pub const fn may_lead(self) -> bool {
        matches!(self, Self::Leader | Self::Unknown)
    }
}
