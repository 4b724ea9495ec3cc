//! One change of a pod that somebody tries, and what comes of it.

use crate::fixture::{Fixture, User, container};
use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams},
};
use mendix_model::names::{
    ACTIVE_FINALIZER, COMPONENT_LABEL, ENVIRONMENT_LABEL, GATE, LEASE_ANNOTATION, MODEL_LABEL, ROLE_LABEL,
};
use serde_json::{Value, json};
use std::fmt;

/// Annotation that says why the glass is broken.
pub(crate) const BREAK_GLASS: &str = "kubectl-mendix.io/break-glass";

/// A part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    GateOff,
    FinalizerOff,
    EnvironmentOff,
    EnvironmentChanged,
    RoleOff,
    RoleChanged,
    ImageChanged,
    /// What the guard of the pod is told.
    LeaseChanged,
    /// The model that the pod counts as.
    ModelChanged,
    /// The pod passes for one of ours that runs no app.
    Disguised,
    /// A reason to break the glass.
    Reason(&'static str),
    /// None of our business.
    OtherLabel,
}

impl Change {
    /// The rule that is about this part.
    pub(crate) fn rule(self) -> Option<&'static str> {
        match self {
            Self::GateOff => Some("MX020"),
            Self::FinalizerOff => Some("MX021"),
            Self::EnvironmentOff
            | Self::EnvironmentChanged
            | Self::RoleOff
            | Self::RoleChanged
            | Self::LeaseChanged
            | Self::ModelChanged
            | Self::Disguised => Some("MX022"),
            Self::ImageChanged => Some("MX023"),
            Self::Reason(_) | Self::OtherLabel => None,
        }
    }

    /// As a strategic merge patch.
    fn patch(self) -> Value {
        let label = |name: &str, value: Value| json!({ "metadata": { "labels": { name: value } } });
        match self {
            Self::GateOff => json!({ "spec": { "schedulingGates": [{ "$patch": "delete", "name": GATE }] } }),
            Self::FinalizerOff => {
                json!({ "metadata": { "$deleteFromPrimitiveList/finalizers": [ACTIVE_FINALIZER] } })
            }
            Self::EnvironmentOff => label(ENVIRONMENT_LABEL, Value::Null),
            Self::EnvironmentChanged => label(ENVIRONMENT_LABEL, "another".into()),
            Self::RoleOff => label(ROLE_LABEL, Value::Null),
            Self::RoleChanged => label(ROLE_LABEL, "worker".into()),
            Self::ImageChanged => {
                json!({ "spec": { "containers": [container("app", "registry.example.com:5000/shop:2")] } })
            }
            Self::LeaseChanged => json!({ "metadata": { "annotations": { LEASE_ANNOTATION: "{}" } } }),
            Self::ModelChanged => label(MODEL_LABEL, "another".into()),
            Self::Disguised => label(COMPONENT_LABEL, "puller".into()),
            Self::Reason(reason) => json!({ "metadata": { "annotations": { BREAK_GLASS: reason } } }),
            Self::OtherLabel => label("team", "shop".into()),
        }
    }
}

/// All parts in one patch.
pub(crate) fn patch(changes: &[Change]) -> Value {
    let mut patch = json!({});
    for change in changes {
        merge(&mut patch, change.patch());
    }
    patch
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// What came of an attempt.
pub(crate) enum Outcome {
    /// With these words.
    Refused(String),
    /// The pod as it would be.
    Done(Box<Pod>),
}

/// Of a pod only what matters here.
impl fmt::Debug for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(words) => write!(formatter, "refused: {words}"),
            Self::Done(pod) => write!(formatter, "done: {}", kept(pod)),
        }
    }
}

impl Outcome {
    pub(crate) fn is_refused_by(&self, rule: &str) -> bool {
        matches!(self, Self::Refused(words) if words.contains(&format!("{rule}: ")))
    }

    pub(crate) const fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// Whether everything that the policies keep is as before.
    pub(crate) fn keeps(&self, before: &Pod) -> bool {
        matches!(self, Self::Done(after) if kept(after) == kept(before))
    }
}

/// Labels, gates, finalizers and images.
fn kept(pod: &Pod) -> Value {
    let labels = pod.labels();
    let spec = pod.spec.clone().unwrap_or_default();
    let images: Vec<_> = spec.containers.iter().map(|it| it.image.clone()).collect();
    json!([
        labels.get(ENVIRONMENT_LABEL),
        labels.get(ROLE_LABEL),
        spec.scheduling_gates,
        pod.finalizers(),
        images
    ])
}

/// Tries a patch in a dry run, on the pod itself or through one of its subresources.
pub(crate) async fn attempt(
    pods: &Api<Pod>,
    name: &str,
    through: Option<&str>,
    patch: &Value,
) -> Result<Outcome> {
    let parameters = PatchParams {
        dry_run: true,
        ..PatchParams::default()
    };
    let patch = Patch::Strategic(patch);
    let answer = match through {
        None => pods.patch(name, &parameters, &patch).await,
        Some(subresource) => {
            pods.patch_subresource(subresource, name, &parameters, &patch)
                .await
        }
    };
    match answer {
        Ok(pod) => Ok(Outcome::Done(Box::new(pod))),
        // What is wrong in itself, or may not be asked at all, would prove nothing about the policies; it is in the words.
        Err(kube::Error::Api(status)) if (400..500).contains(&status.code) => {
            Ok(Outcome::Refused(status.message.clone()))
        }
        Err(error) => Err(error.into()),
    }
}

/// What is wrong with a table of attempts, all at once.
#[derive(Default)]
pub(crate) struct Wrong(Vec<String>);

impl Wrong {
    pub(crate) fn unless(&mut self, right: bool, what: impl FnOnce() -> String) {
        if !right {
            self.0.push(what());
        }
    }

    pub(crate) fn judge(self) -> Result<()> {
        anyhow::ensure!(self.0.is_empty(), "{}", self.0.join("\n"));
        Ok(())
    }
}

impl Fixture {
    /// Tries several changes in one request.
    pub(crate) async fn attempt(&self, user: User, pod: &str, changes: &[Change]) -> Result<Outcome> {
        attempt(&self.pods(user).await?, pod, None, &patch(changes)).await
    }
}
