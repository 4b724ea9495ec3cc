//! Where this guard stands, for probes, metrics and whoever reads `/status`.

use crate::lease::Stage;
use crate::sequence::{Attempt, Failure, State, remedy};
use jiff::Timestamp;
use mendix_model::lease::TERMS;
use mendix_model::names::Role;
use serde::Serialize;

/// Where the life of the runtime stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Phase {
    /// The child is not started yet: it is looked whether somebody else is on the database.
    AwaitingDatabase,
    /// The child was started; its admin port does not answer yet.
    AwaitingAdminPort,
    /// Logging and configuration are sent.
    Configuring,
    /// The model starts.
    StartingModel,
    /// A worker waits for its leader to make the database ready.
    AwaitingLeader,
    /// The leader brings the database to the model.
    Synchronising,
    /// The model runs.
    Running,
    /// The model could not be started; the child is stopped.
    Failed,
    /// A signal asked for the end, or the child ended.
    Stopping,
}

impl Phase {
    /// All of them, in order of a life.
    pub(crate) const ALL: [Self; 9] = [
        Self::AwaitingDatabase,
        Self::AwaitingAdminPort,
        Self::Configuring,
        Self::StartingModel,
        Self::AwaitingLeader,
        Self::Synchronising,
        Self::Running,
        Self::Failed,
        Self::Stopping,
    ];

    /// The word in status and metrics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingDatabase => "awaitingDatabase",
            Self::AwaitingAdminPort => "awaitingAdminPort",
            Self::Configuring => "configuring",
            Self::StartingModel => "startingModel",
            Self::AwaitingLeader => "awaitingLeader",
            Self::Synchronising => "synchronising",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Stopping => "stopping",
        }
    }
}

/// Content of `/m2ee-sidecar/v1/status`. Holds no secret.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    /// `leader` or `worker`.
    pub(crate) role: &'static str,
    /// Where the life of the runtime stands.
    pub(crate) state: Phase,
    /// Since when, RFC 3339.
    pub(crate) since: Timestamp,
    /// What is waited for, in words.
    pub(crate) waiting_for: Option<String>,
    /// DDL statements of the synchronisations of this start.
    pub(crate) schema_statements: usize,
    /// The last result of `start`, or why none came.
    pub(crate) start: Option<StartResult>,
    /// The row in the database.
    pub(crate) lease: LeaseStatus,
}

/// How far the lease on the database is.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeaseStatus {
    /// `waiting`, `absent`, `refused`, `held`, `lost` or `ended`.
    pub(crate) state: &'static str,
    /// Why, in a sentence.
    pub(crate) message: Option<String>,
    /// So many seconds two may run which must not, when a failover of the database loses its newest rows; nothing where
    /// no rows are kept.
    pub(crate) bound_seconds: Option<u64>,
}

/// A result of `start`, translated.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartResult {
    /// The runtime's own number, when there was one.
    pub(crate) code: Option<i64>,
    /// One word.
    pub(crate) reason: &'static str,
    /// What failed.
    pub(crate) message: Option<String>,
    /// What to do.
    pub(crate) remedy: Option<String>,
}

impl LeaseStatus {
    /// Every word of [`Self::state`].
    pub(crate) const STATES: [&'static str; 6] = ["waiting", "absent", "refused", "held", "lost", "ended"];
}

impl Status {
    /// The status of a guard that has just begun.
    pub(crate) fn new(role: Role, now: Timestamp) -> Self {
        Self {
            role: role.as_str(),
            state: Phase::AwaitingDatabase,
            since: now,
            waiting_for: None,
            schema_statements: 0,
            start: None,
            lease: lease_status(&Stage::Waiting(String::new())),
        }
    }

    /// The status when the lease has come to `stage`.
    pub(crate) fn leased(&self, stage: &Stage) -> Self {
        let lease = lease_status(stage);
        let waits = self.state == Phase::AwaitingDatabase;
        Self {
            waiting_for: if waits {
                lease.message.clone()
            } else {
                self.waiting_for.clone()
            },
            lease,
            ..self.clone()
        }
    }

    /// The status when the sequence has come to `state`.
    pub(crate) fn at(&self, state: &State, now: Timestamp) -> Self {
        let next = self.clone().entered(phase(state), now);
        Self {
            waiting_for: waiting_for(state),
            schema_statements: attempt(state).map_or(self.schema_statements, |attempt| attempt.statements),
            start: start_result(state).or_else(|| self.start.clone()),
            ..next
        }
    }

    /// The status when the end has begun.
    pub(crate) fn stopping(&self, now: Timestamp) -> Self {
        Self {
            waiting_for: None,
            ..self.clone().entered(Phase::Stopping, now)
        }
    }

    fn entered(self, state: Phase, now: Timestamp) -> Self {
        let since = if self.state == state { self.since } else { now };
        Self { state, since, ..self }
    }
}

fn lease_status(stage: &Stage) -> LeaseStatus {
    let (word, message) = match stage {
        Stage::Waiting(why) => ("waiting", Some(why.clone())),
        Stage::Absent(why) => ("absent", Some(why.to_string())),
        Stage::Refused(why) => ("refused", Some(why.clone())),
        Stage::Held => ("held", None),
        Stage::Lost(loss) => ("lost", Some(loss.to_string())),
        Stage::Ended => ("ended", None),
    };
    let kept = !matches!(stage, Stage::Absent(_));
    LeaseStatus {
        state: word,
        message: message.filter(|message| !message.is_empty()),
        bound_seconds: kept.then(|| TERMS.bound().as_secs()),
    }
}

fn phase(state: &State) -> Phase {
    match state {
        State::AwaitingAdminPort | State::Pausing => Phase::AwaitingAdminPort,
        State::Preparing(_) | State::BackingOff(_) => Phase::Configuring,
        State::Starting(_) | State::ReplacingPasswords(..) | State::Completing(..) => Phase::StartingModel,
        State::AwaitingLeader(_) => Phase::AwaitingLeader,
        State::Counting(_) | State::Synchronising(_) => Phase::Synchronising,
        State::Running(_) => Phase::Running,
        State::Failed(_) => Phase::Failed,
    }
}

fn attempt(state: &State) -> Option<&Attempt> {
    match state {
        State::Starting(attempt)
        | State::AwaitingLeader(attempt)
        | State::Counting(attempt)
        | State::Synchronising(attempt)
        | State::ReplacingPasswords(attempt, _)
        | State::Completing(attempt, _)
        | State::Running(attempt) => Some(attempt),
        _ => None,
    }
}

fn waiting_for(state: &State) -> Option<String> {
    let words = match state {
        State::AwaitingAdminPort | State::Pausing => "the admin port of the runtime",
        State::BackingOff(_) => "the runtime to take its configuration",
        State::AwaitingLeader(Attempt { result: Some(2), .. }) => "the leader to make the database",
        State::AwaitingLeader(_) => "the leader to synchronise the database with the model",
        _ => return None,
    };
    Some(words.to_owned())
}

fn start_result(state: &State) -> Option<StartResult> {
    if let State::Failed(failure) = state {
        return Some(failed(failure));
    }
    Some(match attempt(state)?.result? {
        0 => StartResult {
            code: Some(0),
            reason: "Started",
            message: None,
            remedy: None,
        },
        // Not an error on the way: the sequence goes on by itself.
        code => StartResult {
            code: Some(code),
            reason: reason(code),
            message: None,
            remedy: None,
        },
    })
}

fn reason(code: i64) -> &'static str {
    remedy(&crate::admin::Reply {
        result: code,
        ..Default::default()
    })
    .reason
}

fn failed(failure: &Failure) -> StartResult {
    StartResult {
        code: failure.code,
        reason: failure.reason,
        message: Some(failure.sentence.clone()),
        remedy: Some(failure.remedy.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::Absence;
    use serde_json::json;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn a_worker_that_waits_says_for_what() {
        let attempt = Attempt {
            result: Some(3),
            ..Attempt::default()
        };
        let status = Status::new(Role::Worker, second(0)).at(&State::AwaitingLeader(attempt), second(5));
        let expected = json!({
            "role": "worker", "state": "awaitingLeader", "since": "1970-01-01T00:00:05Z", "schemaStatements": 0,
            "waitingFor": "the leader to synchronise the database with the model",
            "start": {"code": 3, "reason": "SchemaDiffers"},
            "lease": {"state": "waiting", "boundSeconds": 20},
        });
        assert_eq!(serde_json::to_value(status).expect("json"), expected);
    }

    #[test]
    fn a_failure_stays_in_the_status_while_the_child_is_stopped() {
        let failure = Failure::silent(600);
        let status = Status::new(Role::Leader, second(0))
            .at(&State::Failed(failure), second(1))
            .stopping(second(2));
        assert_eq!((status.state, status.since), (Phase::Stopping, second(2)));
        assert_eq!(status.start.expect("kept").reason, "AdminPortSilent");
    }

    #[test]
    fn the_time_is_that_of_the_phase_and_not_of_the_step() {
        let status = Status::new(Role::Leader, second(0)).at(&State::AwaitingAdminPort, second(1));
        assert_eq!(status.at(&State::Pausing, second(2)).since, second(1));
    }

    #[test]
    fn a_guard_that_waits_for_the_database_says_for_whom() {
        let status =
            Status::new(Role::Leader, second(0)).leased(&Stage::Waiting("leader x may still run".to_owned()));
        assert_eq!(status.waiting_for.as_deref(), Some("leader x may still run"));
        let later = status
            .at(&State::AwaitingAdminPort, second(1))
            .leased(&Stage::Held);
        assert_eq!(
            later.waiting_for.as_deref(),
            Some("the admin port of the runtime")
        );
        let absent = later.leased(&Stage::Absent(Absence::InMemory)).lease;
        assert_eq!((absent.state, absent.bound_seconds), ("absent", None));
    }

    #[test]
    fn words_are_the_same_in_status_and_metrics() {
        for phase in Phase::ALL {
            assert_eq!(serde_json::to_value(phase).expect("json"), json!(phase.as_str()));
        }
    }
}
