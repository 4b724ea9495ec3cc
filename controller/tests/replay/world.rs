//! What the API server does not know of a cluster: its clock, its nodes, what runs on them, and how apps behave there.

use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// After this the cluster says that the pods of a lost node are not ready (Kubernetes' own default, 1.36).
const GRACE_OF_NODES: SignedDuration = SignedDuration::from_secs(50);
/// After this it asks for their end (default tolerations of pods: 300 s).
const PATIENCE_WITH_NODES: SignedDuration = SignedDuration::from_secs(350);

/// The world.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) times: Times,
    /// How models behave, by name.
    pub(crate) models: BTreeMap<String, Behaviour>,
    pub(crate) nodes: BTreeMap<String, Node>,
    /// By uid of the pod. A process runs whatever the API server says of its pod.
    pub(crate) processes: BTreeMap<String, Process>,
    /// Models that have worked on the schema of the database, in order.
    pub(crate) schema: Vec<String>,
    /// The last of them has come to the end of that work.
    pub(crate) synchronised: bool,
    /// Pods whose end somebody else asked for.
    pub(crate) excused: BTreeSet<String>,
    /// Since when a Deployment has been as far as this says, by its uid.
    pub(crate) progress: BTreeMap<String, (String, Timestamp)>,
    /// Pods that Deployments have made, by name of the Deployment.
    pub(crate) made: BTreeMap<String, u32>,
    /// Further moments at which something happens.
    pub(crate) alarms: BTreeSet<Timestamp>,
}

impl Default for World {
    /// One node, on which everything happens at once.
    fn default() -> Self {
        Self {
            now: Timestamp::UNIX_EPOCH,
            times: Times::default(),
            models: BTreeMap::new(),
            nodes: BTreeMap::from([("one".to_owned(), Node::default())]),
            processes: BTreeMap::new(),
            schema: Vec::new(),
            synchronised: false,
            excused: BTreeSet::new(),
            progress: BTreeMap::new(),
            made: BTreeMap::new(),
            alarms: BTreeSet::new(),
        }
    }
}

/// How long things take.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    pub(crate) build: SignedDuration,
    pub(crate) pull: SignedDuration,
    pub(crate) start: SignedDuration,
    pub(crate) end: SignedDuration,
    /// Workers, where they take another time.
    pub(crate) end_of_workers: Option<SignedDuration>,
}

/// How a model behaves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Behaviour {
    /// What its leader ends with, soon after its start.
    pub(crate) ends: Option<String>,
    /// How long the work on the schema takes.
    pub(crate) work: SignedDuration,
    /// What that work ends with.
    pub(crate) work_fails: Option<String>,
}

/// A machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    /// Images that are there.
    pub(crate) images: BTreeSet<String>,
    /// Why models cannot be pulled here, by name.
    pub(crate) refuses: BTreeMap<String, String>,
    /// Since when the API server hears nothing of it.
    pub(crate) lost: Option<Timestamp>,
}

/// A container of an app, or one that pulls.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Process {
    pub(crate) pod: String,
    pub(crate) node: String,
    pub(crate) image: String,
    pub(crate) environment: String,
    pub(crate) database: String,
    pub(crate) role: String,
    pub(crate) model: String,
    pub(crate) mode: String,
    pub(crate) phase: Phase,
    /// When that began.
    pub(crate) since: Timestamp,
    pub(crate) restarts: u32,
    /// Last words.
    pub(crate) said: Option<String>,
}

/// What a container does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    Pulling,
    /// Its image cannot be pulled, for this reason.
    NoImage(String),
    Starting,
    /// It brings the schema of the database to its model.
    Synchronising,
    Ready,
    /// It has ended and will be started again.
    Crashed,
    Stopping,
    Ended,
}

impl Process {
    /// Whether something of the app runs.
    pub(crate) const fn runs(&self) -> bool {
        matches!(
            self.phase,
            Phase::Starting | Phase::Synchronising | Phase::Ready | Phase::Stopping
        )
    }

    pub(crate) fn pulls_only(&self) -> bool {
        self.role.is_empty()
    }
}

impl World {
    pub(crate) fn behaviour(&self, model: &str) -> Behaviour {
        self.models.get(model).cloned().unwrap_or_default()
    }

    /// When the present phase of a process ends by itself, if it does.
    pub(crate) fn end_of_phase(&self, process: &Process) -> Option<Timestamp> {
        let times = &self.times;
        let is_worker = process.role == "worker";
        let takes = match process.phase {
            Phase::Pulling if self.has_image(process) => SignedDuration::ZERO,
            Phase::Pulling => times.pull,
            Phase::Starting => times.start,
            Phase::Synchronising => self.behaviour(&process.model).work,
            Phase::Stopping => times.end_of_workers.filter(|_| is_worker).unwrap_or(times.end),
            Phase::Crashed => back_off(process.restarts),
            Phase::NoImage(_) | Phase::Ready | Phase::Ended => return None,
        };
        Some(process.since + takes)
    }

    fn has_image(&self, process: &Process) -> bool {
        let node = self.nodes.get(&process.node);
        node.is_some_and(|node| node.images.contains(&process.image))
    }

    /// Whether the API server is told of a node.
    pub(crate) fn is_heard(&self, node: &str) -> bool {
        self.nodes.get(node).is_some_and(|node| node.lost.is_none())
    }

    /// Whether the cluster takes the pods of a node for not ready, and whether it asks for their end.
    pub(crate) fn given_up(&self, node: &str) -> (bool, bool) {
        let lost = self.nodes.get(node).and_then(|node| node.lost);
        let for_so_long = |limit| lost.is_some_and(|lost| self.now >= lost + limit);
        (for_so_long(GRACE_OF_NODES), for_so_long(PATIENCE_WITH_NODES))
    }

    /// What runs, and how far each of it is.
    pub(crate) fn phases(&self) -> Vec<(&str, &Phase)> {
        self.processes
            .iter()
            .map(|(uid, it)| (uid.as_str(), &it.phase))
            .collect()
    }

    /// When something happens next.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let phases = self.processes.values().filter_map(|it| self.end_of_phase(it));
        let lost = self.nodes.values().filter_map(|node| node.lost);
        let given_up = lost.flat_map(|lost| [lost + GRACE_OF_NODES, lost + PATIENCE_WITH_NODES]);
        let all = phases.chain(given_up).chain(self.alarms.iter().copied());
        all.filter(|at| *at > self.now).min()
    }
}

/// As the kubelet waits between two starts: 10 s, doubled up to five minutes.
fn back_off(restarts: u32) -> SignedDuration {
    let doubled = 10_i64.saturating_mul(2_i64.saturating_pow(restarts.saturating_sub(1)));
    SignedDuration::from_secs(doubled.min(300))
}
