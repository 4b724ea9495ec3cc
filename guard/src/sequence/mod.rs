//! The start of a model as a state machine: data in, data out. [`crate::driver`] performs what it says.
//!
//! Source: m2ee admin protocol and the order in which m2ee-tools and the buildpack use it. [`step`] says what a
//! state asks for, [`advance`] which state an event leads to; time comes in as an argument.

mod certificates;
mod configuration;
mod plan;
mod remedy;
mod transitions;

#[cfg(test)]
pub(crate) use plan::synchronise;
pub(crate) use plan::{Plan, Request, plan};
pub(crate) use remedy::{Failure, remedy};
pub(crate) use transitions::advance;

use crate::admin::Reply;
use std::time::Duration;

/// Pause between two questions whether the admin port is there.
const POLL: Duration = Duration::from_millis(500);
/// How long the admin port may stay silent at first. A Java machine on a tenth of a core needs minutes.
const ADMIN_PORT_LIMIT: Duration = Duration::from_mins(10);
/// How long sending the configuration is tried again.
const CONFIGURATION_LIMIT: Duration = Duration::from_mins(4);
/// Longest pause between two of those tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// How often the schema is synchronised before the guard gives up.
const SYNCHRONISATIONS: u32 = 3;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    /// The admin port answered.
    Replied(Reply),
    /// It did not; why.
    Unreachable(String),
    /// The pause is over.
    Waited,
}

/// What is to be done.
#[derive(Clone, PartialEq)]
pub(crate) enum Step {
    /// Call the admin port.
    Call(Request),
    /// Let time go by.
    Wait(Duration),
    /// Nothing: the model runs.
    Done,
    /// Nothing: it cannot be started.
    Fail(Failure),
}

/// What is known of the tries to start the model.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Attempt {
    /// The runtime may make the database.
    pub(crate) create_database: bool,
    /// How often the schema was synchronised.
    pub(crate) synchronisations: u32,
    /// Statements of all synchronisations.
    pub(crate) statements: usize,
    /// Administrators were given a password.
    pub(crate) passwords_replaced: bool,
    /// The last result of `start`.
    pub(crate) result: Option<i64>,
}

/// Place in the list of [`Plan::preparation`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Preparation {
    /// Index of the request.
    pub(crate) request: usize,
    /// Tries without an answer, one after the other.
    pub(crate) tries: u32,
    /// When the preparation began, since the begin of the sequence.
    pub(crate) since: Duration,
}

/// Where the start stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum State {
    /// The admin port is asked whether it is there.
    AwaitingAdminPort,
    /// It was not; a pause.
    Pausing,
    /// Logging and configuration are sent.
    Preparing(Preparation),
    /// There was no answer to one of them; a pause.
    BackingOff(Preparation),
    /// `start` is called.
    Starting(Attempt),
    /// A worker waits for its leader to make the database ready.
    AwaitingLeader(Attempt),
    /// The statements of a synchronisation are asked for.
    Counting(Attempt),
    /// They are executed.
    Synchronising(Attempt),
    /// Administrators with an unsafe password get the configured one; those left.
    ReplacingPasswords(Attempt, Vec<String>),
    /// The model runs; what is sent after that, by index.
    Completing(Attempt, usize),
    /// All done.
    Running(Attempt),
    /// It cannot be started.
    Failed(Failure),
}

/// What a state asks for.
pub(crate) fn step(plan: &Plan, state: &State) -> Step {
    match state {
        State::AwaitingAdminPort => Step::Call(plan::echo()),
        State::Pausing => Step::Wait(POLL),
        State::Preparing(at) => plan
            .preparation
            .get(at.request)
            .cloned()
            .map_or(Step::Done, Step::Call),
        State::BackingOff(at) => Step::Wait(pause(at.tries)),
        State::Starting(attempt) => Step::Call(plan::start(attempt.create_database)),
        State::AwaitingLeader(_) => Step::Wait(plan.worker_interval),
        State::Counting(_) => Step::Call(plan::statements()),
        State::Synchronising(_) => Step::Call(plan::synchronise()),
        State::ReplacingPasswords(_, users) => Step::Call(replacement(plan, users)),
        State::Completing(_, index) => plan
            .completion
            .get(*index)
            .cloned()
            .map_or(Step::Done, Step::Call),
        State::Running(_) => Step::Done,
        State::Failed(failure) => Step::Fail(failure.clone()),
    }
}

fn replacement(plan: &Plan, users: &[String]) -> Request {
    let user = users.first().map_or("", String::as_str);
    plan::replace_password(user, plan.administrator_password.as_deref().unwrap_or_default())
}

/// 1, 2, 4, 8, 15, 15, … seconds.
fn pause(tries: u32) -> Duration {
    Duration::from_secs(1 << tries.saturating_sub(1).min(4)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod examples_tests;
#[cfg(test)]
mod tests;
