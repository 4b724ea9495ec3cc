//! What a rollout will do, step by step: the [`order`](super::order) played in a cluster in which everything goes well.
//! Pure.

use super::order::{Identity, Seen, Situation, Target, rolls, targets};
use serde::Serialize;
use std::fmt;

/// More steps than any order has: it would never come to its end.
const MOST: usize = 12;

/// A step, and whether somebody serves all through it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What is done.
    #[serde(flatten)]
    pub action: Action,
    /// Whether a pod serves all through it.
    pub serves: bool,
}

/// What is done.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "camelCase")]
pub enum Action {
    /// The package becomes an image.
    Build,
    /// The image is pulled where the app runs.
    Pull,
    /// All workers end.
    EndWorkers { pods: i32 },
    /// Workers start, where there were none.
    StartWorkers { pods: i32 },
    /// Workers are replaced, one after the other.
    ReplaceWorkers { pods: i32 },
    /// Workers of the same settings come or go.
    ScaleWorkers { from: i32, to: i32 },
    /// The leader starts, where there was none.
    StartLeader,
    /// The leader is replaced; with another model it updates the schema of the database.
    #[serde(rename_all = "camelCase")]
    ReplaceLeader { updates_schema: bool },
    /// The leader ends.
    EndLeader,
}

impl fmt::Display for Action {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build => write!(out, "the package is built into an image"),
            Self::Pull => write!(out, "the image is pulled on the nodes where the app runs"),
            Self::EndWorkers { pods } => write!(out, "workers end: {pods}"),
            Self::StartWorkers { pods } => write!(out, "workers start: {pods}"),
            Self::ReplaceWorkers { pods } => write!(out, "workers are replaced one after the other: {pods}"),
            Self::ScaleWorkers { from, to } => write!(out, "workers become {to} instead of {from}"),
            Self::StartLeader => write!(out, "the leader starts and updates the database"),
            Self::ReplaceLeader { updates_schema: true } => {
                write!(
                    out,
                    "the leader ends; the next one starts and updates the database"
                )
            }
            Self::ReplaceLeader {
                updates_schema: false,
            } => write!(out, "the leader is replaced"),
            Self::EndLeader => write!(out, "the leader ends"),
        }
    }
}

/// The steps from here to what is wanted.
pub fn steps(mut situation: Situation) -> Vec<Step> {
    let mut all = Vec::new();
    for _ in 0..MOST {
        let targets = targets(&situation);
        let mut next = situation.clone();
        let rolls = rolls(&situation);
        settle_worker(&mut next, &targets.worker, rolls);
        settle_leader(&mut next, &targets.leader);
        if next == situation {
            break;
        }
        all.extend(worker_step(&situation, &next));
        all.extend(leader_step(&situation, &next));
        situation = next;
    }
    all
}

fn settle_worker(situation: &mut Situation, target: &Target, rolls: bool) {
    let Target::Scale(replicas) = *target else {
        return;
    };
    situation.worker = Some(settled(situation, &situation.inputs.worker, replicas, rolls));
    situation.worker_pods = pods(&situation.wanted, replicas);
}

fn settle_leader(situation: &mut Situation, target: &Target) {
    let Target::Scale(replicas) = *target else {
        return;
    };
    situation.leader = Some(settled(situation, &situation.inputs.leader, replicas, false));
    situation.leader_pods = pods(&situation.wanted, replicas);
}

fn settled(situation: &Situation, input: &str, replicas: i32, rolls: bool) -> Seen {
    Seen {
        identity: situation.wanted.clone(),
        input: input.to_owned(),
        replicas,
        observed: true,
        ready: replicas > 0,
        serves: replicas > 0,
        rolls,
    }
}

fn pods(identity: &Identity, replicas: i32) -> Vec<Identity> {
    vec![identity.clone(); usize::try_from(replicas).unwrap_or_default()]
}

fn worker_step(before: &Situation, after: &Situation) -> Option<Step> {
    let (old, new) = (before.worker.as_ref(), after.worker.as_ref()?);
    let (from, to) = (old.map_or(0, |it| it.replicas), new.replicas);
    let same = old.is_some_and(|it| it.identity == new.identity && it.input == new.input);
    let action = match (from, to) {
        (0, 0) => return None,
        (pods, 0) => Action::EndWorkers { pods },
        (0, pods) => Action::StartWorkers { pods },
        (from, to) if same && from == to => return None,
        (from, to) if same => Action::ScaleWorkers { from, to },
        (_, pods) => Action::ReplaceWorkers { pods },
    };
    let leads = |situation: &Situation| situation.leader.as_ref().is_some_and(|it| it.serves);
    let stay = old.is_some_and(|it| it.serves) && to > 0 && new.rolls;
    Some(Step {
        action,
        serves: stay || (leads(before) && leads(after)),
    })
}

fn leader_step(before: &Situation, after: &Situation) -> Option<Step> {
    let (old, new) = (before.leader.as_ref(), after.leader.as_ref()?);
    let same_model = old.is_some_and(|it| it.identity == new.identity);
    let same = same_model && old.is_some_and(|it| it.input == new.input);
    let action = match (old.map_or(0, |it| it.replicas), new.replicas) {
        (0, 0) => return None,
        (_, 0) => Action::EndLeader,
        (0, _) => Action::StartLeader,
        _ if same => return None,
        _ => Action::ReplaceLeader {
            updates_schema: !same_model,
        },
    };
    let works = |situation: &Situation| situation.worker.as_ref().is_some_and(|it| it.serves);
    Some(Step {
        action,
        serves: works(before) && works(after),
    })
}

#[cfg(test)]
#[path = "steps_tests.rs"]
mod tests;
