use crate::crd::claim::Owner;
use crate::crd::common::LeaderSelection;
use crate::names::Role;

/// The form of rows that this release writes. Who meets a higher one stops instead of guessing.
pub const FORMAT: i32 = 1;

/// The one row that says to whom the database belongs and what runs on it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// See [`FORMAT`].
    pub format: i32,
    /// The environment that the database belongs to.
    pub owner: Owner,
    /// Model of the processes that may run.
    pub model: String,
    /// Who leads among them.
    pub mode: LeaderSelection,
    /// Another one with every taker, so that of two that decided from the same rows one fails. Random, since a number
    /// that counts may come to the same value twice when a failover loses a taker.
    pub version: String,
    /// The last takeover from another owner that was taken note of.
    pub adopted: Option<String>,
}

/// The row of one process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    /// Random for each process, and never the uid of a pod: a node that was made anew under the same name starts the
    /// containers of the same pod again while the old machine may still run.
    pub instance: String,
    /// Name of the pod, for people.
    pub pod: String,
    /// Leader or worker.
    pub role: Role,
    /// Its model.
    pub model: String,
    /// Another one after each renewal; random, since a number that counts may come to the same value twice when a
    /// failover loses a renewal.
    pub mark: String,
    /// The process said that its child has ended.
    pub ended: bool,
}

/// Everything there is, as one statement read it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rows {
    /// Nothing on a database that no process has run on.
    pub record: Option<Record>,
    /// One for each process.
    pub processes: Vec<Row>,
}

/// The process that wants to run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Process {
    /// See [`Row::instance`].
    pub instance: String,
    /// Name of its pod.
    pub pod: String,
    /// Its environment.
    pub owner: Owner,
    /// Leader or worker.
    pub role: Role,
    /// Who leads in its environment.
    pub mode: LeaderSelection,
    /// Its model.
    pub model: String,
    /// A declared takeover from another owner; each counts once.
    pub adopt: Option<String>,
}

impl Process {
    /// Whether it may be the first of its model. Where a leader is assigned, workers come after it.
    pub(super) fn may_begin(&self) -> bool {
        self.role == Role::Leader || self.mode != LeaderSelection::Assigned
    }
}
