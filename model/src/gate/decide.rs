//! The one function that safety rests on.

use super::conditions::{CONDITIONS, Case, Condition};
use super::settle::settle;
use super::situation::{Claim, Gate, Pod, Situation};
use crate::crd::claim::{ClaimState, DatabaseClaimSpec, FORMAT_VERSION};

/// What is to be done. `record` is written first, if at all; `steps` rest on the claim as it was read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Decision {
    /// The claim as it should be; nothing when it is so already. Without a claim: the one to create.
    pub record: Option<DatabaseClaimSpec>,
    /// What is done to pods, each by one request that fails when the pod changed since it was read.
    pub steps: Vec<Step>,
    /// Pods whose gate stays closed.
    pub held: Vec<Held>,
}

/// One request about one pod, named by its uid.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// Our gate off, our finalizer on, the image pinned: in one patch.
    Open(String),
    /// Our finalizer on: the pod runs without us having opened it.
    Track(String),
    /// Our finalizer off: its processes have ended.
    Release(String),
    /// Mark the pod with the claim's uid, which voids what was decided on its earlier version.
    Mark(String),
    /// Delete the pod, which runs nothing: it is no longer what the claim names.
    Void(String),
}

/// A pod that stays closed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held {
    /// Uid of the pod.
    pub uid: String,
    /// Why.
    pub hold: Hold,
}

/// Why a pod stays closed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hold {
    /// Stable id of the condition.
    pub rule: &'static str,
    /// What is missing and what to do, in a sentence without secrets.
    pub message: String,
}

/// Decides which gates go, and what the claim records before that.
pub fn decide(situation: &Situation) -> Decision {
    decide_by(CONDITIONS, situation)
}

/// [`decide`] by some of the conditions; the model check takes one out at a time and looks for the harm.
pub(super) fn decide_by(conditions: &[Condition], situation: &Situation) -> Decision {
    let Some(claim) = &situation.claim else {
        return Decision {
            record: Some(DatabaseClaimSpec::born(situation.owner.clone(), situation.mode)),
            ..Decision::default()
        };
    };
    if claim.record.format_version > FORMAT_VERSION {
        return refuse_all(conditions, claim, situation);
    }
    if let Some(id) = adopted(&claim.record, situation) {
        let mut record = claim.record.clone();
        record.take_over(situation.owner.clone(), id);
        return Decision {
            record: Some(record),
            ..Decision::default()
        };
    }
    if claim.record.owner != situation.owner {
        return refuse_all(conditions, claim, situation);
    }
    let mut record = claim.record.clone();
    settle(&mut record, &claim.uid, situation);
    let held = admit(conditions, &mut record, situation);
    Decision {
        record: (record != claim.record).then_some(record),
        steps: situation
            .present()
            .filter_map(|pod| step(conditions, situation, claim, pod))
            .collect(),
        held,
    }
}

/// The word by which the claim changes its owner, or comes back into force; each counts once.
///
/// Never while a pod of this cluster may run under it. What another cluster opened cannot be seen from here: there the
/// person's word stands for it.
fn adopted<'a>(record: &DatabaseClaimSpec, situation: &'a Situation) -> Option<&'a str> {
    let id = situation
        .adopt
        .as_deref()
        .filter(|id| record.adopted.as_deref() != Some(*id))?;
    let ours = record.owner == situation.owner;
    let needed = !ours || !matches!(record.state, ClaimState::Held | ClaimState::Adopting);
    let idle = record.opened.is_empty() || record.owner.cluster != situation.owner.cluster;
    (needed && idle).then_some(id)
}

/// A claim of another environment, or of a later form: nothing of it is touched.
fn refuse_all(conditions: &[Condition], claim: &Claim, situation: &Situation) -> Decision {
    let mut record = claim.record.clone();
    Decision {
        held: admit(conditions, &mut record, situation),
        ..Decision::default()
    }
}

/// Enters the pods that may start into `record`, one after the other, and tells why the others may not.
fn admit(conditions: &[Condition], record: &mut DatabaseClaimSpec, situation: &Situation) -> Vec<Held> {
    let mut held = Vec::new();
    let mut waiting: Vec<&Pod> = situation
        .present()
        .filter(|pod| pod.gate != Gate::Open && !pod.deleted && record.entry(&pod.uid).is_none())
        .collect();
    // Leaders first: in the same swap no worker can be let in on the schema that the leader is about to change. Of two
    // leaders the one of the current template: the other would have to make way for it again.
    waiting.sort_by_key(|pod| (pod.role, pod.outdated.is_some(), &pod.uid));
    for pod in waiting {
        let case = Case {
            situation,
            record,
            pod,
        };
        match conditions.iter().find_map(|condition| condition.hold(&case)) {
            Some(reason) => held.push(Held {
                uid: pod.uid.clone(),
                hold: reason,
            }),
            None => record.open(pod, situation.mode),
        }
    }
    held
}

/// What the claim, as it is written, asks for at one pod.
fn step(conditions: &[Condition], situation: &Situation, claim: &Claim, pod: &Pod) -> Option<Step> {
    let uid = pod.uid.clone();
    let entry = claim.record.entry(&uid);
    if pod.finalizer && pod.ended {
        return Some(Step::Release(uid));
    }
    if pod.deleted || pod.ended {
        return None;
    }
    match (pod.gate, entry) {
        (Gate::Open, Some(_)) => (!pod.finalizer).then_some(Step::Track(uid)),
        (Gate::Open, None) => None,
        (_, _) if marked_by_another(claim, pod) => {
            (claim.record.state == ClaimState::Adopting).then_some(Step::Mark(uid))
        }
        (Gate::Closed, Some(entry)) if entry.model != pod.model || entry.role != pod.role => {
            Some(Step::Void(uid))
        }
        (Gate::Closed, Some(_)) => still_may(conditions, situation, claim, pod).then_some(Step::Open(uid)),
        (_, _) if claim.record.state == ClaimState::Adopting && pod.mark.is_none() => Some(Step::Mark(uid)),
        _ => None,
    }
}

/// Between its entry into the claim and this moment, something may have come up that keeps a pod from starting.
fn still_may(conditions: &[Condition], situation: &Situation, claim: &Claim, pod: &Pod) -> bool {
    let record = &claim.record;
    let case = Case {
        situation,
        record,
        pod,
    };
    let mut lasting = conditions.iter().filter(|condition| condition.lasting);
    lasting.all(|condition| condition.hold(&case).is_none())
}

fn marked_by_another(claim: &Claim, pod: &Pod) -> bool {
    pod.mark.as_ref().is_some_and(|mark| *mark != claim.uid)
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
