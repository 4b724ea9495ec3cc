//! The register: which processes run on a database, kept in that database (schema `runtime_double`).
//!
//! # What counts as running at once
//! A process is known to have lived from the moment the server took its registration (`started_at`) to the last sign
//! of life the server took from it: `ended_at` when it left properly, else `heartbeat_at`. Both are times at which a
//! statement *arrived* at the server, by the server's clock. Two processes ran at once when these intervals overlap;
//! nothing else is a violation. This choice follows from what a killed process leaves behind:
//! - After `kill -9` the last heartbeat stays "fresh" for a while. To count a fresh heartbeat as life would accuse a
//!   leader that was replaced promptly. An interval ends with its last heartbeat, so it accuses nobody.
//! - A session in `pg_stat_activity` outlives its process too: a moment after `kill -9`, minutes after a node is
//!   lost. So it does not count as life either.
//! - A process that is paused, or cut off from the database, writes no heartbeat. When it comes back it goes on with
//!   its own row: its interval then covers the gap, and an overlap with anything that ran meanwhile shows at once. If
//!   it never comes back, it never touched the database again.
//!
//! So there are no false alarms: an accused pair has sent statements in an order that only two live processes can
//! send. What can be missed is an overlap shorter than the old process's next sign of life. To keep that short,
//! a registration wakes all others by `NOTIFY`, and they answer with a heartbeat at once instead of within 100 ms.
//!
//! The one question where freshness is needed, "what runs now" ([`Process::running`]), asks for a heartbeat within
//! the last second *and* a living session: a killed process disappears with its session, a lost node after a second.
//!
//! A database that was once corrupted stays so: every process reports it until the violation rows are deleted.

mod judge;
mod session;
mod statements;

pub use judge::{Process, Summary, Violation, ViolationKind, judge, summary};
pub use session::{Registration, register};
pub use statements::{CREATE_TABLES, create_tables};

use serde::Serialize;

/// What a process is in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Leader,
    Worker,
    /// Of a cluster without a leader.
    Peer,
}

impl Role {
    /// The role as it stands in the register.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Worker => "worker",
            Self::Peer => "peer",
        }
    }
}

/// Who a process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Random, once per process; the same after a lost connection, another after a restart of the container.
    pub id: String,
    /// The pod's name.
    pub host: String,
    pub role: Role,
    pub model: String,
}

impl Identity {
    /// An identity with a new random id.
    pub fn new(host: &str, role: Role, model: &str) -> Self {
        Self {
            id: format!("{:016x}", rand::random::<u64>()),
            host: host.to_owned(),
            role,
            model: model.to_owned(),
        }
    }
}
