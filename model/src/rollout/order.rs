//! In which order Deployments change. Pure.
//!
//! Another model: the workers end while the leader serves, then the leader is replaced, then workers come. Other settings
//! of the same model: workers are replaced while the leader serves, then the leader while a worker serves; an app of one
//! pod gets a worker for that time, and as well before it is evicted from a node that takes no new pods.
//!
//! Decided anew each time from what is there, so a restart of the controller changes nothing. It orders what *we*
//! do; pods that others end or start in between are the gate's to hold.

use crate::crd::common::LeaderSelection;

/// What must be the same in all pods at once: model and mode.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Identity {
    pub model: String,
    pub leader_selection: String,
}

/// A Deployment as it is there.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Seen {
    pub identity: Identity,
    /// What its template was made from.
    pub input: String,
    pub replicas: i32,
    /// Its controller has seen it as it is now: no more pods of an earlier template or number will come.
    pub observed: bool,
    /// Its pods are of its present template, and one is ready.
    pub ready: bool,
    /// A pod is ready, of whichever template.
    pub serves: bool,
    /// Its pods are replaced one after the other.
    pub rolls: bool,
}

/// What the templates are to be made from.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Inputs {
    pub leader: String,
    pub worker: String,
}

/// Everything that [`targets`] decides from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Situation {
    pub wanted: Identity,
    pub inputs: Inputs,
    pub mode: LeaderSelection,
    pub replicas: i32,
    /// A database in the leader's memory: workers would have one of their own each.
    pub in_memory: bool,
    /// A pod more may run for a moment.
    pub may_surge: bool,
    /// A pod of the app, one that ends included, is on a node that takes no new ones: its eviction is to be expected.
    pub drained: bool,
    pub leader: Option<Seen>,
    pub worker: Option<Seen>,
    /// Pods that exist, those that are ending too.
    pub leader_pods: Vec<Identity>,
    pub worker_pods: Vec<Identity>,
}

/// What is to become of a Deployment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// The wanted template with so many pods.
    Scale(i32),
    /// It stays exactly as it is, for this reason.
    Hold(&'static str),
}

/// Both targets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Targets {
    pub leader: Target,
    pub worker: Target,
}

/// Leaders and workers that are wanted in the end.
fn wanted(situation: &Situation) -> (i32, i32) {
    shares(situation.mode, situation.replicas, situation.in_memory)
}

/// How leaders and workers share the replicas of an app.
pub fn shares(mode: LeaderSelection, replicas: i32, in_memory: bool) -> (i32, i32) {
    let replicas = replicas.max(0);
    match mode {
        LeaderSelection::Assigned if in_memory => (replicas.min(1), 0),
        LeaderSelection::Assigned => (replicas.min(1), (replicas - 1).max(0)),
        LeaderSelection::None | LeaderSelection::Leaderless => (0, replicas),
    }
}

/// The next targets.
pub fn targets(situation: &Situation) -> Targets {
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
    if awaits_worker(situation) {
        return Target::Hold("a worker with the new settings must serve before the leader is replaced");
    }
    Target::Scale(wanted)
}

/// The leader serves with earlier settings, and whoever is to serve while it is replaced does not yet.
fn awaits_worker(situation: &Situation) -> bool {
    let (_, workers) = wanted(situation);
    let is_covered = workers > 0 || surges(situation);
    let serves = |worker: &Seen| {
        worker.observed && worker.ready && worker.replicas > 0 && worker.input == situation.inputs.worker
    };
    serves_with_earlier_settings(situation) && is_covered && !situation.worker.as_ref().is_some_and(serves)
}

fn serves_with_earlier_settings(situation: &Situation) -> bool {
    situation.leader.as_ref().is_some_and(|leader| {
        leader.identity == situation.wanted && leader.input != situation.inputs.leader && leader.serves
    })
}

/// The one worker is all that serves: settings have changed again while the leader was replaced.
fn serves_alone(situation: &Situation) -> bool {
    let is_led = situation.mode == LeaderSelection::Assigned && situation.replicas > 0;
    // One that is about to be replaced serves as well, and is none to rely on.
    let leads = situation.leader.as_ref().is_some_and(|leader| leader.ready);
    let has_one = situation.worker.as_ref().is_some_and(|worker| {
        worker.serves
            && worker.replicas == 1
            && worker.identity == situation.wanted
            && worker.input != situation.inputs.worker
    });
    is_led && !leads && has_one
}

/// Whether a leader that is alone has a worker for a moment: from before it is replaced until the next one serves.
fn surges(situation: &Situation) -> bool {
    let has_worker = |worker: &Seen| worker.identity == situation.wanted && worker.replicas > 0;
    let is_replaced = situation.leader.as_ref().is_some_and(|leader| {
        leader.identity == situation.wanted && !(leader.ready && leader.input == situation.inputs.leader)
    });
    let begun = situation.worker.as_ref().is_some_and(has_worker);
    situation.may_surge
        && wanted(situation) == (1, 0)
        && (serves_with_earlier_settings(situation) || situation.drained || (begun && is_replaced))
}

/// Workers that an app of one pod has for a moment.
fn surged(situation: &Situation) -> i32 {
    // Where nobody leads it is a worker that is alone.
    let moves = situation.may_surge && situation.drained && wanted(situation) == (0, 1);
    if moves { 2 } else { i32::from(surges(situation)) }
}

/// Whether workers may be replaced one after the other: those that are there are of the wanted model, and no others can
/// come. Once begun, it goes on so.
pub fn rolls(situation: &Situation) -> bool {
    let of_wanted = |identity: &Identity| *identity == situation.wanted;
    let is_settled = |worker: &Seen| of_wanted(&worker.identity) && (worker.observed || worker.rolls);
    situation.worker.as_ref().is_some_and(is_settled) && situation.worker_pods.iter().all(of_wanted)
}

/// A worker Deployment gets the wanted template at once, but no pods before a leader has prepared the database.
fn worker(situation: &Situation, wanted: i32) -> Target {
    if serves_alone(situation) {
        return Target::Hold("the leader must serve before the only worker is replaced");
    }
    let may_run = match situation.mode {
        LeaderSelection::Assigned => led(situation),
        LeaderSelection::None | LeaderSelection::Leaderless => unled(situation),
    };
    let wanted = wanted.max(surged(situation));
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
#[path = "order_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "order_play_tests.rs"]
mod play_tests;
