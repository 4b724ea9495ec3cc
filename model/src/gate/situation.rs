//! What [`decide`](super::decide) decides from. Each part bears the version it was read at, so that what is decided
//! on an outdated one fails when it is written.

use crate::crd::claim::{DatabaseClaimSpec, Owner, Role};
use crate::crd::common::LeaderSelection;
use std::collections::BTreeSet;

/// An environment as the API server showed it: the claim first, then the pods.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Situation {
    /// The environment itself.
    pub owner: Owner,
    /// Who is to lead.
    pub mode: LeaderSelection,
    /// The model that is to run, once its image was pulled; nothing while it is not known.
    pub wanted: Option<String>,
    /// The claim of the environment's database.
    pub claim: Option<Claim>,
    /// Pods of the environment, and while the claim is adopting, every other pod that may run on its database.
    pub pods: Vec<Pod>,
    /// Uids of the claim's `opened` that the API server, asked for each, no longer has.
    pub gone: BTreeSet<String>,
    /// `pods` was listed after the claim was read, by a consistent read, and holds every pod that may run on the
    /// database: those with the labels, those of the same owners, those that name the same Secret.
    pub complete: bool,
    /// A restore of the database that somebody declared.
    pub restored: Option<Restore>,
    /// Id of a person's word that the database is to belong to this environment.
    pub adopt: Option<String>,
}

impl Situation {
    /// The same as if a pod had ended.
    pub(crate) fn without(&self, uid: &str) -> Self {
        let mut without = self.clone();
        without.pods.retain(|pod| pod.uid != uid);
        if let Some(claim) = &mut without.claim {
            claim.record.opened.retain(|opened| opened.uid != uid);
        }
        without
    }

    /// The pods, without those that an outdated list still shows.
    pub(super) fn present(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().filter(|pod| !self.gone.contains(&pod.uid))
    }
}

/// A claim as it was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claim {
    /// Uid of the object: another one after it was lost and made again.
    pub uid: String,
    /// What it records.
    pub record: DatabaseClaimSpec,
}

/// A declared restore.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Restore {
    /// Tells this restore from others, so that each counts once.
    pub id: String,
    /// Model that the restored database fits.
    pub model: String,
}

/// A pod, as far as its start matters.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Pod {
    /// Uid.
    pub uid: String,
    /// Name.
    pub name: String,
    /// What it is told to be.
    pub role: Role,
    /// Model of the image that it would be opened with; nothing while a tag is not resolved.
    pub model: Option<String>,
    /// Gates that are left.
    pub gate: Gate,
    /// Uid of the claim that marked the pod while adopting: whatever was decided before that is void.
    pub mark: Option<String>,
    /// Bears the finalizer `kubectl-mendix.io/active`.
    pub finalizer: bool,
    /// Has a deletion timestamp.
    pub deleted: bool,
    /// Its processes have ended for good: see [`ending`](super::ending).
    pub ended: bool,
    /// A container of the model may have been started.
    pub started: bool,
    /// Ready.
    pub ready: bool,
    /// What its own variables say of the database.
    pub database: Database,
    /// Why role, variables or containers contradict each other, in a sentence.
    pub contradiction: Option<String>,
    /// Its runtime updates the schema by itself when it is a peer.
    pub synchronises: bool,
    /// Its controller has another template by now.
    pub outdated: Option<Outdated>,
}

/// How the controller of an outdated pod replaces it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Outdated {
    /// By itself, also while the pod waits at the gate (`Deployment`, `DaemonSet`).
    Replaced,
    /// Not while the pod waits at the gate: it waits for the pod to become ready (`StatefulSet`).
    Stuck,
}

impl Pod {
    /// Whether starting it may change the schema.
    pub fn may_change_schema(&self) -> bool {
        self.role.may_lead() || (self.role == Role::Peer && self.synchronises)
    }
}

/// The scheduling gates of a pod.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Gate {
    /// Without our gate: the pod may run.
    Open,
    /// Ours is the only one left.
    Closed,
    /// Ours, and those of others.
    ClosedWithOthers,
}

/// Which database a pod names by its own variables.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Database {
    /// That of the claim.
    Claimed,
    /// Another one, or none that could be read: the sentence says it, without credentials.
    Other(String),
}
