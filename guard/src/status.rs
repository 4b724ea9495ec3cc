//! Where this guard stands, for probes, metrics and whoever reads `/status`.

use crate::lease::Stage;
use crate::sequence::{Attempt, Failure, State, remedy};
use jiff::Timestamp;
use mendix_model::lease::{Foreign, LeaseState, LeaseStatus, SYNCHRONISING, TERMS};
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
            Self::Synchronising => SYNCHRONISING,
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Stopping => "stopping",
        }
    }
}

/// Content of [`STATUS_PATH`](mendix_model::lease::STATUS_PATH). Holds no secret.
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
            lease: lease_status(&Stage::Waiting {
                why: String::new(),
                seconds: None,
            }),
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

    /// The status when these are on the database as well.
    pub(crate) fn beside(&self, foreign: &Foreign) -> Self {
        let mut next = self.clone();
        next.lease.foreign = (!foreign.is_nobody()).then(|| foreign.clone());
        next
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
        Stage::Waiting { why, .. } => (LeaseState::Waiting, Some(why.clone())),
        Stage::Absent(why) => (LeaseState::Absent, Some(why.to_string())),
        Stage::Refused(why) => (LeaseState::Refused, Some(why.clone())),
        Stage::Held => (LeaseState::Held, None),
        Stage::Lost(loss) => (LeaseState::Lost, Some(loss.to_string())),
        Stage::Ended => (LeaseState::Ended, None),
    };
    LeaseStatus {
        state: word,
        message: message.filter(|message| !message.is_empty()),
        remaining_seconds: match stage {
            Stage::Waiting { seconds, .. } => *seconds,
            _ => None,
        },
        bound_seconds: (word != LeaseState::Absent).then(|| TERMS.bound().as_secs()),
        foreign: None,
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
    use mendix_model::lease::{GuardStatus, Loss};
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
        let waiting = Stage::Waiting {
            why: "leader x may still run".to_owned(),
            seconds: Some(14),
        };
        let status = Status::new(Role::Leader, second(0)).leased(&waiting);
        assert_eq!(status.lease.remaining_seconds, Some(14));
        assert_eq!(status.waiting_for.as_deref(), Some("leader x may still run"));
        let later = status
            .at(&State::AwaitingAdminPort, second(1))
            .leased(&Stage::Held);
        assert_eq!(
            later.waiting_for.as_deref(),
            Some("the admin port of the runtime")
        );
        let absent = later.leased(&Stage::Absent(Absence::InMemory)).lease;
        assert_eq!((absent.state, absent.bound_seconds), (LeaseState::Absent, None));
    }

    #[test]
    fn whoever_reads_the_lease_reads_what_was_written() {
        let waiting = Stage::Waiting {
            why: "a".to_owned(),
            seconds: Some(1),
        };
        let stages = [
            waiting,
            Stage::Absent(Absence::NotTold),
            Stage::Refused("b".to_owned()),
            Stage::Held,
            Stage::Lost(Loss::TakenOver),
            Stage::Ended,
        ];
        for stage in stages {
            let status = Status::new(Role::Leader, second(0)).leased(&stage);
            let read: GuardStatus = serde_json::from_value(json!(status)).expect("it is understood");
            assert_eq!(read.lease, status.lease);
        }
    }

    #[test]
    fn words_are_the_same_in_status_and_metrics() {
        for phase in Phase::ALL {
            assert_eq!(serde_json::to_value(phase).expect("json"), json!(phase.as_str()));
        }
    }
}
