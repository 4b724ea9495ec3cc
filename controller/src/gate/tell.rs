//! Tells people of pods that wait and of gates that somebody took off: events on the pods, and metrics.

use super::observe::Observed;
use super::pod::gate;
use crate::context::Context;
use crate::metadata::namespace;
use crate::report::publish;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::runtime::events::{Event, EventType};
use mendix_model::crd::environment::HeldPod;
use mendix_model::crd::{Environment, EnvironmentStatus};
use mendix_model::gate::Gate;
use mendix_model::names;

/// Tells of each pod that is held, once a rule.
pub(super) async fn held(
    context: &Context,
    environment: &Environment,
    observed: &Observed,
    status: &EnvironmentStatus,
) {
    let now = status.held.as_deref().unwrap_or_default();
    let rules = now.iter().map(|held| held.rule.as_str());
    context
        .metrics
        .hold(&namespace(environment), &environment.name_any(), rules);
    for held in fresh(environment, now) {
        if let Some(pod) = observed.pods.iter().find(|pod| pod.name_any() == held.pod) {
            let note = format!("{} {}", held.rule, held.message);
            publish(context, pod, &event("Held", &note)).await;
        }
    }
}

/// The environment ends, and nothing of it waits.
pub(super) fn nothing(context: &Context, environment: &Environment) {
    let rules = std::iter::empty();
    context
        .metrics
        .hold(&namespace(environment), &environment.name_any(), rules);
}

/// Pods that were not held, or by another rule, when it was last told.
fn fresh<'a>(environment: &Environment, now: &'a [HeldPod]) -> impl Iterator<Item = &'a HeldPod> {
    let before = environment.status.as_ref().and_then(|status| status.held.clone());
    let before = before.unwrap_or_default();
    now.iter()
        .filter(move |held| !before.iter().any(|it| it.pod == held.pod && it.rule == held.rule))
}

/// Tells of each gate that somebody took off. Before the claim is written: from then on the pod is one of ours.
pub(super) async fn broken_glass(context: &Context, observed: &Observed) {
    for (pod, reason) in broken(observed) {
        context.metrics.break_glass(&namespace(pod));
        let note = format!("the gate was taken off by hand: {reason}");
        publish(context, pod, &event("BreakGlass", &note)).await;
    }
}

/// Pods that run without the claim knowing them, and the reason that is given.
fn broken(observed: &Observed) -> impl Iterator<Item = (&Pod, &str)> {
    let record = observed.claim.as_ref().map(|claim| &claim.spec);
    observed.pods.iter().filter_map(move |pod| {
        let reason = pod.annotations().get(names::BREAK_GLASS_ANNOTATION)?;
        let uid = pod.uid()?;
        let known = record?.opened.iter().any(|entry| entry.uid == uid);
        (gate(pod) == Gate::Open && !known).then_some((pod, reason.as_str()))
    })
}

fn event(reason: &str, note: &str) -> Event {
    Event {
        type_: EventType::Warning,
        reason: reason.to_owned(),
        note: Some(crate::report::shortened(note, crate::report::LONGEST_NOTE)),
        action: "Gate".to_owned(),
        secondary: None,
    }
}
