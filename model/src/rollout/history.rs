//! What is remembered of rollouts.

use crate::crd::rollout::{Change, Rollout, RolloutOutcome, Wanted};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

/// Rollouts that are remembered; an Environment is read as a whole, so there is a bound.
pub const REMEMBERED: usize = 10;

/// How far it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Stage {
    /// It goes on.
    Running,
    /// All pods that are wanted are ready, and are what is wanted.
    Done,
    /// It cannot go on, for this reason.
    Failed(String),
}

/// What was seen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seen {
    /// What is to run.
    pub wanted: Wanted,
    /// How far it is.
    pub stage: Stage,
    /// Whether a pod is ready, of whatever model.
    pub serves: bool,
}

/// What is remembered after this was seen, the oldest first. Pure.
///
/// Nothing is seen while an app is stopped: its pods are away because somebody wants that, which is no downtime.
pub fn remember(known: &[Rollout], seen: &Seen, now: Timestamp) -> Vec<Rollout> {
    let mut all = known.to_vec();
    if all.last().is_none_or(|last| !is_same(last, &seen.wanted)) {
        if let Some(last) = all.last_mut() {
            // What nobody serves from now on is the next one's downtime.
            count_downtime(last, true, now);
            if !has_ended(last) {
                end(last, RolloutOutcome::Superseded, now);
            }
        }
        all.push(begun(known, seen, now));
    }
    if let Some(last) = all.last_mut().filter(|last| !has_succeeded(last)) {
        proceed(last, seen, now);
    }
    let surplus = all.len().saturating_sub(REMEMBERED);
    all.split_off(surplus)
}

fn is_same(rollout: &Rollout, wanted: &Wanted) -> bool {
    rollout.wanted.model == wanted.model && rollout.wanted.settings == wanted.settings
}

const fn has_ended(rollout: &Rollout) -> bool {
    !matches!(rollout.outcome, RolloutOutcome::Running)
}

const fn has_succeeded(rollout: &Rollout) -> bool {
    matches!(rollout.outcome, RolloutOutcome::Succeeded)
}

fn begun(known: &[Rollout], seen: &Seen, now: Timestamp) -> Rollout {
    Rollout {
        number: known.last().map_or(1, |last| last.number + 1),
        change: change(known, &seen.wanted),
        wanted: seen.wanted.clone(),
        started_at: MicroTime(now),
        ended_at: None,
        downtime_milliseconds: 0,
        down_since: None,
        outcome: RolloutOutcome::Running,
        message: None,
    }
}

fn change(known: &[Rollout], wanted: &Wanted) -> Change {
    match known {
        [] => Change::First,
        [.., last] if last.wanted.model == wanted.model => Change::Settings,
        all if all.iter().any(|it| it.wanted.model == wanted.model) => Change::Return,
        _ => Change::Model,
    }
}

/// The first rollout has no downtime: nothing served before it.
fn proceed(rollout: &mut Rollout, seen: &Seen, now: Timestamp) {
    if rollout.change != Change::First {
        count_downtime(rollout, seen.serves, now);
    }
    match &seen.stage {
        Stage::Running => {
            rollout.outcome = RolloutOutcome::Running;
            rollout.ended_at = None;
            rollout.message = None;
        }
        Stage::Done => end(rollout, RolloutOutcome::Succeeded, now),
        Stage::Failed(message) => {
            if rollout.outcome != RolloutOutcome::Failed {
                end(rollout, RolloutOutcome::Failed, now);
            }
            rollout.message = Some(message.clone());
        }
    }
}

fn count_downtime(rollout: &mut Rollout, serves: bool, now: Timestamp) {
    if !serves {
        rollout.down_since.get_or_insert(MicroTime(now));
        return;
    }
    if let Some(since) = rollout.down_since.take() {
        let down = now.duration_since(since.0).as_millis();
        rollout.downtime_milliseconds += i64::try_from(down).unwrap_or(i64::MAX).max(0);
    }
}

fn end(rollout: &mut Rollout, outcome: RolloutOutcome, now: Timestamp) {
    rollout.outcome = outcome;
    rollout.ended_at = Some(MicroTime(now));
    rollout.message = None;
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
