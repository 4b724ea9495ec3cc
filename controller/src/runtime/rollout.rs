//! In which order Deployments change, so that two models or two modes never meet on one database. Pure.
//!
//! Decided anew each time from what is there, so a restart of the controller changes nothing. It orders what *we*
//! do; pods that others end or start in between are not held by it.

use mendix_model::crd::common::LeaderSelection;

/// What must be the same in all pods at once: model and mode.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Identity {
    pub(crate) model: String,
    pub(crate) leader_selection: String,
}

/// A Deployment as it is there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Seen {
    pub(crate) identity: Identity,
    pub(crate) replicas: i32,
    /// Its controller has seen it as it is now: no more pods of an earlier template or number will come.
    pub(crate) observed: bool,
    /// Its pods are of its present template, and one is ready.
    pub(crate) ready: bool,
}

/// Everything that [`targets`] decides from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Situation {
    pub(crate) wanted: Identity,
    pub(crate) mode: LeaderSelection,
    pub(crate) replicas: i32,
    /// A database in the leader's memory: workers would have one of their own each.
    pub(crate) in_memory: bool,
    pub(crate) leader: Option<Seen>,
    pub(crate) worker: Option<Seen>,
    /// Pods that exist, those that are ending too.
    pub(crate) leader_pods: Vec<Identity>,
    pub(crate) worker_pods: Vec<Identity>,
}

/// What is to become of a Deployment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// The wanted template with so many pods.
    Scale(i32),
    /// It stays exactly as it is, for this reason.
    Hold(&'static str),
}

/// Both targets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Targets {
    pub(crate) leader: Target,
    pub(crate) worker: Target,
}

/// Leaders and workers that are wanted in the end.
pub(crate) fn wanted(situation: &Situation) -> (i32, i32) {
    let replicas = situation.replicas.max(0);
    match situation.mode {
        LeaderSelection::Assigned if situation.in_memory => (replicas.min(1), 0),
        LeaderSelection::Assigned => (replicas.min(1), (replicas - 1).max(0)),
        LeaderSelection::None | LeaderSelection::Leaderless => (0, replicas),
    }
}

/// The next targets.
pub(crate) fn targets(situation: &Situation) -> Targets {
    let (leaders, workers) = wanted(situation);
    Targets {
        leader: leader(situation, leaders),
        worker: worker(situation, workers),
    }
}

fn leader(situation: &Situation, wanted: i32) -> Target {
    if wanted == 0 {
        return Target::Scale(0);
    }
    let others_run = situation
        .worker_pods
        .iter()
        .any(|identity| *identity != situation.wanted);
    let others_may_start = situation.worker.as_ref().is_some_and(|worker| {
        !worker.observed || (worker.replicas > 0 && worker.identity != situation.wanted)
    });
    if others_run || others_may_start {
        return Target::Hold("workers of the earlier model must be gone before the leader changes");
    }
    Target::Scale(wanted)
}

/// A worker Deployment gets the wanted template at once, but no pods before a leader has prepared the database.
fn worker(situation: &Situation, wanted: i32) -> Target {
    let may_run = match situation.mode {
        LeaderSelection::Assigned => led(situation),
        LeaderSelection::None | LeaderSelection::Leaderless => unled(situation),
    };
    Target::Scale(if may_run { wanted } else { 0 })
}

fn led(situation: &Situation) -> bool {
    if situation
        .leader_pods
        .iter()
        .any(|identity| *identity != situation.wanted)
    {
        return false;
    }
    let of_wanted = |seen: &&Seen| seen.identity == situation.wanted;
    let leader = situation.leader.as_ref().filter(of_wanted);
    // Workers that were let in once stay while their leader restarts.
    let let_in = situation
        .worker
        .as_ref()
        .filter(of_wanted)
        .is_some_and(|worker| worker.replicas > 0);
    leader.is_some_and(|leader| leader.ready || let_in)
}

fn unled(situation: &Situation) -> bool {
    let none_may_start = situation
        .leader
        .as_ref()
        .is_none_or(|leader| leader.replicas == 0 && leader.observed);
    none_may_start && situation.leader_pods.is_empty()
}

#[cfg(test)]
#[path = "rollout_tests.rs"]
mod tests;
