//! Which pods have to go.

use crate::crd::claim::Role;
use crate::gate::{Gate, Outdated, Pod, Situation, decide};

/// A pod to delete.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deletion {
    /// Uid of the pod.
    pub uid: String,
    /// Why, for event and log.
    pub reason: &'static str,
}

/// Pods to delete now.
pub fn plan(situation: &Situation) -> Vec<Deletion> {
    let pods = situation.pods.iter().filter(|pod| !pod.deleted && !pod.ended);
    pods.filter_map(|pod| {
        Some(Deletion {
            uid: pod.uid.clone(),
            reason: reason(pod, situation)?,
        })
    })
    .collect()
}

fn reason(pod: &Pod, situation: &Situation) -> Option<&'static str> {
    if is_active(pod, situation) {
        if is_of_another_owner(situation) {
            return None;
        }
        if of_another_model(pod, situation) {
            return (!pod.role.may_lead() || !followers_run(situation)).then_some("another model is to run");
        }
        if of_another_mode(pod, situation) {
            return Some("the environment is led in another way");
        }
        let waits = pod.outdated.is_some() && pod.role == Role::Leader && successor_waits(pod, situation);
        // Never one without a role: it came about before its workload was labelled, and is made again without the gate
        // for as long as the workload keeps the earlier template. `kubectl mendix protect` says what to do.
        return waits.then_some("a leader of the current template waits for this one to end");
    }
    // Deployments take waiting pods away by themselves. Deleting those as well would be answered with new ones of
    // the old template, without end.
    (pod.outdated == Some(Outdated::Stuck)).then_some("the template has changed while the pod waited")
}

fn is_active(pod: &Pod, situation: &Situation) -> bool {
    let opened = |claim: &crate::gate::Claim| claim.record.entry(&pod.uid).is_some();
    pod.gate == Gate::Open || situation.claim.as_ref().is_some_and(opened)
}

/// On the database of another environment nothing has to make way: none of this one's pods would start for it, and a pod
/// that no label tells to be of an environment may be the other's.
fn is_of_another_owner(situation: &Situation) -> bool {
    let claim = situation.claim.as_ref();
    claim.is_some_and(|claim| claim.record.owner != situation.owner)
}

/// A pod whose model is not known is left to `kubectl mendix protect`, which restarts in order.
fn of_another_model(pod: &Pod, situation: &Situation) -> bool {
    match (&situation.wanted, &pod.model) {
        (Some(wanted), Some(model)) => wanted != model,
        _ => false,
    }
}

/// Whether workers of another model still run. Their leader serves until they have ended: the next one could not start
/// before that anyway.
fn followers_run(situation: &Situation) -> bool {
    let followers = situation
        .pods
        .iter()
        .filter(|pod| !pod.role.may_lead() && !pod.ended);
    followers
        .filter(|pod| is_active(pod, situation))
        .any(|pod| of_another_model(pod, situation))
}

/// Pods of two modes never run together, so those of the earlier one go before any of the new one starts.
fn of_another_mode(pod: &Pod, situation: &Situation) -> bool {
    let Some(claim) = &situation.claim else {
        return false;
    };
    claim.record.mode != situation.mode
        && claim
            .record
            .entry(&pod.uid)
            .is_some_and(|entry| entry.role != Role::Unknown)
}

/// Whether a leader of the current template starts once this one has ended. One that waits for something else as well,
/// such as an image that cannot be pulled, is no reason to end what runs.
fn successor_waits(pod: &Pod, situation: &Situation) -> bool {
    let next = decide(&situation.without(&pod.uid)).record;
    let starts = |other: &Pod| {
        next.as_ref()
            .is_some_and(|record| record.entry(&other.uid).is_some())
    };
    let waits = |other: &&Pod| other.gate == Gate::Closed && other.outdated.is_none() && !other.deleted;
    let leaders = situation.pods.iter().filter(|other| other.role == Role::Leader);
    leaders.filter(waits).any(starts)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
