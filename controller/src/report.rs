//! Status and events: written only when they change.

use crate::context::Context;
use crate::error::Error;
use crate::metadata::{namespace, what};
use crate::read::Namespaced;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{Patch, PatchParams};
use kube::core::object::HasStatus;
use kube::runtime::events::{Event, EventType};
use kube::{Resource, ResourceExt};
use mendix_model::conditions::{self, Fact, Progress, READY};
use mendix_model::crd::{
    BuildStatus, EndpointStatus, EnvironmentStatus, MendixAppStatus, RuntimeStatus, StorageInstanceStatus,
};
use mendix_model::names;
use serde::Serialize;
use serde_json::json;

/// Kubernetes refuses notes of more than 1024 bytes.
pub(crate) const LONGEST_NOTE: usize = 1000;

/// A status with standard conditions.
pub trait Conditioned: Clone + Default + PartialEq + Serialize + Send + Sync {
    /// The conditions.
    fn conditions(&self) -> &[Condition];
    /// Replaces generation and conditions.
    fn set(&mut self, generation: Option<i64>, conditions: Vec<Condition>);
}

macro_rules! conditioned {
    ($($status:ty),*) => {$(
        impl Conditioned for $status {
            fn conditions(&self) -> &[Condition] {
                &self.conditions
            }
            fn set(&mut self, generation: Option<i64>, conditions: Vec<Condition>) {
                self.observed_generation = generation;
                self.conditions = conditions;
            }
        }
    )*};
}
conditioned!(
    BuildStatus,
    EndpointStatus,
    EnvironmentStatus,
    MendixAppStatus,
    RuntimeStatus,
    StorageInstanceStatus
);

/// What a reconcile found out.
#[derive(Clone, Debug, PartialEq)]
pub struct Report<S> {
    /// The status; generation and conditions are filled in from `progress`.
    pub status: S,
    /// How far the object is.
    pub progress: Progress,
    /// What else is known of it.
    pub facts: Vec<Fact>,
    /// When to look again although nothing was seen to change.
    pub requeue: Option<std::time::Duration>,
}

/// Writes the status, and an event when condition `Ready` tells something new. Whether there was anything to write.
pub(crate) async fn report<K>(
    context: &Context,
    object: &K,
    report: Report<K::Status>,
    now: Timestamp,
) -> Result<bool, Error>
where
    K: Namespaced + HasStatus,
    K::Status: Conditioned,
{
    let Report {
        mut status,
        progress,
        facts,
        ..
    } = report;
    let old = object.status().cloned().unwrap_or_default();
    let generation = object.meta().generation;
    status.set(
        generation,
        all_conditions(old.conditions(), &progress, &facts, generation, now),
    );
    if object.status() == Some(&status) {
        return Ok(false);
    }
    write(context, object, &status).await?;
    if let Some(event) = event(old.conditions(), &progress) {
        publish(context, object, &event).await;
    }
    Ok(true)
}

fn all_conditions(
    old: &[Condition],
    progress: &Progress,
    facts: &[Fact],
    generation: Option<i64>,
    now: Timestamp,
) -> Vec<Condition> {
    let mut all = conditions::conditions(old, progress, generation, now);
    all.extend(conditions::of_facts(old, facts, generation, now));
    all
}

async fn write<K: Namespaced>(context: &Context, object: &K, status: &impl Serialize) -> Result<(), Error> {
    let name = object.name_any();
    let patch = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        // With a uid, the status of a deleted object is not written to a later one of its name.
        "metadata": { "name": name, "uid": object.uid() },
        "status": status,
    });
    let parameters = PatchParams::apply(names::FIELD_MANAGER).force();
    let api = context.api::<K>(&namespace(object));
    match api.patch_status(&name, &parameters, &Patch::Apply(patch)).await {
        Ok(_) => Ok(()),
        // Gone by now, or another object has its name.
        Err(kube::Error::Api(answer)) if answer.is_not_found() || answer.is_conflict() => Ok(()),
        Err(error) => Err(Error::write(format!("status of {}", what::<K>(&name)))(error)),
    }
}

/// An event is worth it when the reason or the sentence of condition `Ready` changes.
fn event(old: &[Condition], progress: &Progress) -> Option<Event> {
    let before = old.iter().find(|condition| condition.type_ == READY);
    let (type_, reason, message) = match progress {
        Progress::Ready => (EventType::Normal, READY, ""),
        Progress::Working { reason, message } => (EventType::Normal, *reason, message.as_str()),
        Progress::Stalled { reason, message } => (EventType::Warning, *reason, message.as_str()),
    };
    if before.is_some_and(|before| before.reason == reason && before.message == message) {
        return None;
    }
    Some(Event {
        type_,
        reason: reason.to_owned(),
        note: Some(shortened(message, LONGEST_NOTE)).filter(|note| !note.is_empty()),
        action: "Reconcile".to_owned(),
        secondary: None,
    })
}

/// At most `length` bytes of a text, cut between characters.
pub(crate) fn shortened(text: &str, length: usize) -> String {
    if text.len() <= length {
        return text.to_owned();
    }
    let end = (0..=length)
        .rev()
        .find(|&end| text.is_char_boundary(end))
        .unwrap_or(0);
    format!("{}…", &text[..end])
}

/// A lost event loses nothing that the status does not say.
pub(crate) async fn publish<K: Resource<DynamicType = ()>>(context: &Context, object: &K, event: &Event) {
    if let Err(error) = context.recorder.publish(event, &object.object_ref(&())).await {
        tracing::debug!(%error, "Failed to publish an event");
    }
}

/// Says in the status of an object that its form is wrong. Everything else in its status stays.
pub(crate) async fn report_invalid<K: Namespaced>(
    context: &Context,
    seen: &kube::api::ObjectMeta,
    problem: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let (name, namespace) = (
        seen.name.clone().unwrap_or_default(),
        seen.namespace.clone().unwrap_or_default(),
    );
    let resource = kube::api::ApiResource::erase::<K>(&());
    let api =
        kube::Api::<kube::api::DynamicObject>::namespaced_with(context.client.clone(), &namespace, &resource);
    let read = api.get_opt(&name).await.map_err(Error::read(what::<K>(&name)))?;
    let Some(object) = read else { return Ok(()) };
    let status = invalid_status(&object, problem, now);
    if object.data.get("status") == Some(&status) {
        return Ok(());
    }
    let patch = json!({
        "apiVersion": K::api_version(&()), "kind": K::kind(&()),
        "metadata": { "name": name, "uid": seen.uid }, "status": status,
    });
    let parameters = PatchParams::apply(names::FIELD_MANAGER).force();
    api.patch_status(&name, &parameters, &Patch::Apply(patch))
        .await
        .map_err(Error::write(format!("status of {}", what::<K>(&name))))?;
    Ok(())
}

fn invalid_status(object: &kube::api::DynamicObject, problem: &str, now: Timestamp) -> serde_json::Value {
    let mut status = object
        .data
        .get("status")
        .cloned()
        .filter(serde_json::Value::is_object)
        .unwrap_or_else(|| json!({}));
    let old: Vec<Condition> = status
        .get("conditions")
        .and_then(|conditions| serde_json::from_value(conditions.clone()).ok())
        .unwrap_or_default();
    let progress = Progress::stalled("Invalid", problem);
    let generation = object.metadata.generation;
    let facts = conditions::facts(&old);
    status["conditions"] = json!(all_conditions(&old, &progress, &facts, generation, now));
    status["observedGeneration"] = json!(generation);
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("time")
    }

    #[test]
    fn an_event_is_made_on_change_only() {
        let stalled = Progress::stalled("PlanMissing", "no plan");
        assert!(event(&[], &stalled).is_some());
        let said = conditions::conditions(&[], &stalled, Some(1), at(0));
        assert!(event(&said, &stalled).is_none());
        assert!(event(&said, &Progress::stalled("PlanMissing", "another")).is_some());
        assert!(event(&said, &Progress::Ready).is_some());
    }

    #[test]
    fn notes_are_cut_between_characters() {
        assert_eq!(shortened("äöü", 3), "ä…");
        assert_eq!(shortened("abc", 3), "abc");
    }

    #[test]
    fn an_invalid_object_keeps_the_rest_of_its_status() {
        let object: kube::api::DynamicObject = serde_json::from_value(json!({
            "apiVersion": "v", "kind": "K", "metadata": {"name": "a", "generation": 2},
            "status": {"image": "kept", "conditions": [{
                "type": "DatabaseLease", "status": "True", "reason": "Held", "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }]},
        }))
        .expect("object");
        let status = invalid_status(&object, "spec.replicas: not a number", at(0));
        assert_eq!(status["image"], "kept");
        assert_eq!(status["conditions"][2]["type"], "DatabaseLease");
        assert_eq!(status["conditions"][1]["type"], "Stalled");
        assert_eq!(status["conditions"][1]["message"], "spec.replicas: not a number");
    }
}
