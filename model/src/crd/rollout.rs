//! A rollout, as the status of an [`Environment`](super::Environment) remembers it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is to run.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// Model.
    pub model: String,
    /// Image, by digest where that is known.
    pub image: Option<String>,
    /// What its containers run, where an app of ours says so.
    pub command: Option<Vec<String>>,
    /// What tells these settings from others of the same model.
    pub settings: String,
    /// Field manager that last changed what is wanted: `kubectl-mendix`, `helm`, `argocd-controller`.
    pub by: Option<String>,
}

/// One change of what runs, from its begin to its end.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// Counts from 1 and is never given twice.
    pub number: i64,
    /// What changed.
    pub change: Change,
    /// What was to run.
    #[serde(flatten)]
    pub wanted: Wanted,
    /// When it was first seen.
    pub started_at: MicroTime,
    /// When it ended, one way or another.
    pub ended_at: Option<MicroTime>,
    /// How long no pod was ready, so far. It is measured when the controller looks.
    #[serde(default)]
    pub downtime_milliseconds: i64,
    /// Since when no pod is ready.
    pub down_since: Option<MicroTime>,
    /// How it ended.
    pub outcome: RolloutOutcome,
    /// Why it failed.
    pub message: Option<String>,
}

/// What a rollout changes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// The first one that is known.
    First,
    /// Another model.
    Model,
    /// A model that was wanted before.
    Return,
    /// The same model with other settings, or restarted.
    Settings,
}

/// How a rollout ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RolloutOutcome {
    /// It goes on.
    Running,
    /// All pods were ready.
    Succeeded,
    /// It cannot go on; what failed may still be mended, and then it succeeds.
    Failed,
    /// Something else was wanted before it ended.
    Superseded,
}
