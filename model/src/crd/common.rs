//! Pieces that several resources share.

use super::quantity::Quantities;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Annotations, labels or node selectors.
pub type StringMap = BTreeMap<String, String>;

/// CPU, memory and ephemeral storage of one container.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Resources {
    /// Upper bounds.
    pub limits: Option<Quantities>,
    /// What is reserved.
    pub requests: Option<Quantities>,
}

/// A map that applies to all pods of an app, task pods too.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ForAllPods {
    /// Entries for every pod.
    pub general: Option<StringMap>,
}

/// How a runtime's metrics are exposed.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeMetricsConfiguration {
    /// `native` (runtime 9.7 and later), `compatibility`, or empty for off.
    pub mode: Option<String>,
    /// ISO 8601 duration, `native` only; `PT1M` when absent.
    pub interval: Option<String>,
    /// JSON document for the metrics agent, `native` only.
    pub mx_agent_config: Option<String>,
    /// JSON document, only together with `mxAgentConfig`.
    pub mx_agent_instrumentation_config: Option<String>,
}

/// Rolling update bounds for changes that keep the model.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentStrategy {
    /// `PreferRolling` in operators 2.20 to 2.23.1; accepted and ignored.
    #[serde(rename = "type")]
    pub type_: Option<String>,
    /// Share of replicas that must be ready before traffic moves; 50 % when absent.
    pub switchover_threshold: Option<IntOrString>,
    /// Surge and unavailability.
    pub rolling_update: Option<RollingUpdate>,
}

/// See [`DeploymentStrategy`].
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RollingUpdate {
    /// Pods above the wanted number.
    pub max_surge: Option<IntOrString>,
    /// Pods below the wanted number.
    pub max_unavailable: Option<IntOrString>,
}

/// Settings of the pod disruption budget; at most one of the two.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisruptionBudget {
    /// Pods that may be disrupted at once.
    pub max_unavailable: Option<IntOrString>,
    /// Pods that must stay.
    pub min_available: Option<IntOrString>,
}

/// TLS of one app.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tls {
    /// Overrides the `OperatorConfiguration`.
    #[serde(rename = "enableTLS")]
    pub enable_tls: Option<bool>,
    /// An existing Secret of type `kubernetes.io/tls`.
    pub secret_name: Option<String>,
    /// PEM certificate, instead of `secretName`.
    pub certificate: Option<String>,
    /// PEM key of `certificate`.
    pub key: Option<String>,
}

/// An offline licence of the runtime.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct RuntimeLicense {
    /// `offline` is the documented value.
    #[serde(rename = "type")]
    pub type_: Option<String>,
    /// Licence id.
    pub id: Option<String>,
    /// Licence key: a secret, never to be shown.
    pub key: Option<String>,
}

/// Who leads among the pods of an app.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LeaderSelection {
    /// One pod is told to lead.
    #[default]
    Assigned,
    /// Nobody leads; the schema is kept by somebody else.
    None,
    /// The pods choose a leader through the database (runtime 10.24 and later).
    Leaderless,
}

impl LeaderSelection {
    /// The documented value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::None => "none",
            Self::Leaderless => "leaderless",
        }
    }
}
