//! What the status of an environment says. Pure.

use super::observe::Observed;
use super::plain::Pulls;
use crate::guards::{self, Answers};
use crate::report::Report;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use mendix_model::conditions::{self, Fact, Progress};
use mendix_model::crd::environment::HeldPod;
use mendix_model::crd::{Environment, EnvironmentStatus, Rollout};
use mendix_model::gate::Decision;
use mendix_model::names;
use std::time::Duration;

/// Watches wake the gate; this is for what no watch shows, such as a node that was fenced by hand elsewhere.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// How often pods are looked at that came about before their workload was labelled.
const LOOK_AT_STRANGERS: Duration = Duration::from_secs(2);

/// The report after a round that left nothing to do.
pub(crate) fn report(
    environment: &Environment,
    observed: &Observed,
    decision: &Decision,
    pulls: Pulls,
    answers: &Answers,
    rollouts: Vec<Rollout>,
) -> Report<EnvironmentStatus> {
    let held = held(observed, decision);
    let record = observed.claim.as_ref().map(|claim| &claim.spec);
    let status = EnvironmentStatus {
        claim: observed.claim.as_ref().map(ResourceExt::name_any),
        claim_state: record.map(|record| format!("{:?}", record.state)),
        model: record.and_then(|record| record.model.clone()),
        schema: record.and_then(|record| record.schema.clone()),
        rollouts: Some(rollouts).filter(|rollouts| !rollouts.is_empty()),
        images: Some(pulls.images).filter(|images| !images.is_empty()),
        held_count: i32::try_from(held.len()).ok(),
        held: Some(held.clone()).filter(|held| !held.is_empty()),
        ..environment.status.clone().unwrap_or_default()
    };
    Report {
        status,
        progress: progress(observed, &held),
        facts: facts(observed, answers),
        requeue: look_again(observed, &held, answers),
    }
}

/// Changes of pods without our label wake nobody.
fn look_again(observed: &Observed, held: &[HeldPod], answers: &Answers) -> Option<Duration> {
    let unlabelled = |pod: &Pod| !pod.labels().contains_key(names::ENVIRONMENT_LABEL);
    if observed.pods.iter().any(unlabelled) {
        return Some(LOOK_AT_STRANGERS);
    }
    let plain = observed.plain.as_ref();
    let unheard = plain.and_then(|_| guards::look_again(&observed.pods, answers));
    let waiting = Some(LOOK_AGAIN).filter(|_| !held.is_empty());
    unheard.into_iter().chain(waiting).min()
}

fn progress(observed: &Observed, held: &[HeldPod]) -> Progress {
    if let Err(problem) = &observed.claim_name {
        return Progress::stalled("DatabaseUnknown", problem.clone());
    }
    match held.first() {
        Some(first) => Progress::working(
            "Held",
            format!(
                "pod {} waits at the gate: {} {}",
                first.pod, first.rule, first.message
            ),
        ),
        None => Progress::Ready,
    }
}

fn held(observed: &Observed, decision: &Decision) -> Vec<HeldPod> {
    let name = |uid: &str| {
        let pod = observed
            .pods
            .iter()
            .find(|pod| pod.metadata.uid.as_deref() == Some(uid));
        pod.map(ResourceExt::name_any).unwrap_or_default()
    };
    let mut held: Vec<_> = decision
        .held
        .iter()
        .map(|held| HeldPod {
            pod: name(&held.uid),
            rule: held.hold.rule.to_owned(),
            message: held.hold.message.clone(),
        })
        .collect();
    held.sort_by(|one, other| one.pod.cmp(&other.pod));
    held
}

/// Of the pods of an app its `Runtime` tells.
fn facts(observed: &Observed, answers: &Answers) -> Vec<Fact> {
    let plain = observed.plain.as_ref();
    let fact = plain.and_then(|_| guards::fact(&observed.pods, answers));
    fact.into_iter().collect()
}

fn as_before(environment: &Environment) -> Vec<Fact> {
    let status = environment.status.as_ref();
    status.map_or_else(Vec::new, |status| conditions::facts(&status.conditions))
}

/// Others write as fast as we read.
pub(crate) fn unsettled(environment: &Environment) -> Report<EnvironmentStatus> {
    Report {
        status: environment.status.clone().unwrap_or_default(),
        progress: Progress::working(
            "Changing",
            "pods or claim change faster than they are read; trying again",
        ),
        facts: as_before(environment),
        requeue: Some(Duration::from_secs(1)),
    }
}

/// The environment has ended.
pub(crate) fn over(environment: &Environment) -> Report<EnvironmentStatus> {
    Report {
        status: environment.status.clone().unwrap_or_default(),
        progress: Progress::working("Deleting", "being deleted"),
        facts: as_before(environment),
        requeue: None,
    }
}
