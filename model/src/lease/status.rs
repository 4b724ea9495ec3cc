//! What a guard says of its lease: written by the guard, read by the controller, which is of another release for as long
//! as the pod lives on.

use super::strangers::Foreign;
use serde::{Deserialize, Serialize};

/// Where a guard serves its [`GuardStatus`], on port [`PROBE_PORT`](crate::names::PROBE_PORT).
pub const STATUS_PATH: &str = "/m2ee-sidecar/v1/status";

/// How the termination message of a process begins that may not run on its database.
///
/// Such a process ends at once, so this is all that is left of it to be read.
pub const REFUSED: &str = "the lease on the database is refused: ";

/// The part of a guard's status that is read by others.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GuardStatus {
    /// The lease on the database.
    pub lease: LeaseStatus,
    /// Where the life of the runtime stands, in a word; nothing where the guard does not start it.
    pub state: Option<String>,
    /// Since when, RFC 3339.
    pub since: Option<String>,
    /// Statements by which the schema of the database is brought to the model.
    pub schema_statements: Option<u64>,
}

/// The word of a leader that brings the database to its model: the one part of a start that may take hours.
pub const SYNCHRONISING: &str = "synchronising";
/// Words after which a start goes on no longer.
const ENDS_OF_A_START: [&str; 3] = ["running", "failed", "stopping"];

impl GuardStatus {
    /// A status that tells of the lease alone.
    pub const fn of_lease(lease: LeaseStatus) -> Self {
        Self {
            lease,
            state: None,
            since: None,
            schema_statements: None,
        }
    }

    /// What the leader does to the database, in a sentence that stays the same while it goes on.
    pub fn synchronises(&self) -> Option<String> {
        let since = self.since.as_deref().unwrap_or("its start");
        (self.state.as_deref() == Some(SYNCHRONISING)).then(|| match self.schema_statements {
            Some(statements) if statements > 0 => {
                format!(
                    "brings the schema of the database to its model by {statements} statements, since {since}"
                )
            }
            _ => format!("brings the schema of the database to its model, since {since}"),
        })
    }

    /// Whether its runtime is on its way.
    pub fn starts(&self) -> bool {
        let state = self.state.as_deref();
        state.is_some_and(|state| !ENDS_OF_A_START.contains(&state))
    }
}

/// How far the lease on the database is.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseStatus {
    /// The word.
    pub state: LeaseState,
    /// Why, in a sentence that stays the same while nothing changes. Holds no secret.
    pub message: Option<String>,
    /// So many seconds are left until whoever is waited for has ended, if nobody renews.
    pub remaining_seconds: Option<u64>,
    /// So many seconds two may run which must not, when a failover of the database loses its newest rows; nothing where
    /// no rows are kept.
    pub bound_seconds: Option<u64>,
    /// Who else is on the database; nothing where nobody is, or where that cannot be told.
    pub foreign: Option<Foreign>,
}

/// How far a lease is, in a word.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LeaseState {
    /// It is not there yet; the runtime is not started.
    Waiting,
    /// The database keeps no rows.
    Absent,
    /// It cannot be had; the container ends.
    Refused,
    /// The runtime may run.
    Held,
    /// It was held; the runtime was killed.
    Lost,
    /// The process has ended.
    Ended,
}

impl LeaseState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Waiting,
        Self::Absent,
        Self::Refused,
        Self::Held,
        Self::Lost,
        Self::Ended,
    ];

    /// The word in status and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Absent => "absent",
            Self::Refused => "refused",
            Self::Held => "held",
            Self::Lost => "lost",
            Self::Ended => "ended",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_are_the_same_in_status_and_metrics() {
        for state in LeaseState::ALL {
            assert_eq!(serde_json::to_value(state).expect("json"), json!(state.as_str()));
        }
    }
}
