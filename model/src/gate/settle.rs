//! What has become true since the claim was written: pods that ended, pods that run without us, a leader that is
//! ready, a restore. All of these are facts that stay true once they are, so an outdated read cannot make one up.

use super::situation::{Gate, Pod, Situation};
use crate::crd::claim::{ClaimState, DatabaseClaimSpec, Role};

/// Writes the facts into `record`. `claim` is the uid of the claim.
pub(super) fn settle(record: &mut DatabaseClaimSpec, claim: &str, situation: &Situation) {
    for uid in &situation.gone {
        // Whether it had started is no longer to be seen.
        record.release(uid, true);
    }
    for pod in situation.present().filter(|pod| released(pod)) {
        record.release(&pod.uid, pod.started);
    }
    for pod in situation.present() {
        if ran_unknown(record, pod) {
            record.remember(pod);
        }
    }
    for pod in situation.present().filter(|pod| may_run(pod)) {
        if record.entry(&pod.uid).is_none() {
            record.adopt(pod);
        }
    }
    if leader_was_ready(record, situation) {
        record.synced();
    }
    if let Some(restore) = &situation.restored
        && record.opened.is_empty()
        && record.restored.as_ref() != Some(&restore.id)
    {
        record.restore(restore);
    }
    if record.state == ClaimState::Adopting && adopted(claim, situation) {
        record.state = ClaimState::Held;
    }
}

/// The finalizer goes before the uid: a crash in between leaves a uid too many, never a process without one.
fn released(pod: &Pod) -> bool {
    pod.ended && !pod.finalizer
}

/// Ran under a claim that was lost since, and may have changed the schema: our finalizer is still on it.
fn ran_unknown(record: &DatabaseClaimSpec, pod: &Pod) -> bool {
    pod.ended && pod.started && pod.finalizer && record.entry(&pod.uid).is_none() && pod.may_change_schema()
}

/// Runs, or may at any time: whether we opened it or not.
fn may_run(pod: &Pod) -> bool {
    pod.gate == Gate::Open && !pod.ended
}

fn leader_was_ready(record: &DatabaseClaimSpec, situation: &Situation) -> bool {
    let Some(schema) = &record.schema else {
        return false;
    };
    let was_ready = |pod: &Pod| {
        record
            .entry(&pod.uid)
            .is_some_and(|entry| entry.role != Role::Worker && entry.model.as_ref() == Some(&schema.model))
            && pod.ready
    };
    situation.present().any(was_ready)
}

/// Nothing runs that is not tracked, and nothing is left that an earlier claim reserved.
fn adopted(claim: &str, situation: &Situation) -> bool {
    let settled = |pod: &Pod| match pod.gate {
        Gate::Open => pod.finalizer || pod.ended,
        // The API server refuses our finalizer on a pod that is being deleted, so it cannot be opened any more.
        Gate::Closed | Gate::ClosedWithOthers => pod.deleted || pod.mark.as_deref() == Some(claim),
    };
    situation.complete && situation.present().all(settled)
}
