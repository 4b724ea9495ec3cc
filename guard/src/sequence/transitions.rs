//! Which state an event leads to.

use super::plan::Refusal;
use super::remedy::{Failure, remedy, texts};
use super::{
    ADMIN_PORT_LIMIT, Attempt, CONFIGURATION_LIMIT, Event, Plan, Preparation, SYNCHRONISATIONS, State,
};
use crate::admin::{ACTION_NOT_FOUND, FORBIDDEN, Reply};
use mendix_model::names::Role;
use std::time::Duration;

/// The next state. `now` is the time since the begin of the sequence.
pub(crate) fn advance(plan: &Plan, state: State, event: &Event, now: Duration) -> State {
    match state {
        ended @ (State::Running(_) | State::Failed(_)) => ended,
        State::Completing(attempt, index) => completing(plan, attempt, index + 1),
        _ if is_forbidden(event) => State::Failed(Failure::forbidden()),
        State::AwaitingAdminPort => admin_port(plan, event, now),
        State::Pausing => State::AwaitingAdminPort,
        State::Preparing(at) => prepared(plan, at, event, now),
        State::BackingOff(at) => State::Preparing(at),
        State::Starting(attempt) => answered(event, "start", |reply| started(plan, attempt, reply)),
        State::AwaitingLeader(attempt) => State::Starting(attempt),
        State::Counting(attempt) => answered(event, "get_ddl_commands", |reply| counted(attempt, reply)),
        State::Synchronising(attempt) => answered(event, "execute_ddl_commands", |reply| {
            synchronised(attempt, reply)
        }),
        State::ReplacingPasswords(attempt, users) => replaced(attempt, &users),
    }
}

fn is_forbidden(event: &Event) -> bool {
    matches!(event, Event::Replied(reply) if reply.result == FORBIDDEN)
}

/// Any answer will do: an admin port that complains of a critical log message is there all the same.
fn admin_port(plan: &Plan, event: &Event, now: Duration) -> State {
    match event {
        Event::Replied(_) => preparing(
            plan,
            Preparation {
                request: 0,
                tries: 0,
                since: now,
            },
        ),
        _ if now >= ADMIN_PORT_LIMIT => State::Failed(Failure::silent(now.as_secs())),
        _ => State::Pausing,
    }
}

fn preparing(plan: &Plan, at: Preparation) -> State {
    if at.request < plan.preparation.len() {
        State::Preparing(at)
    } else {
        State::Starting(Attempt::default())
    }
}

fn prepared(plan: &Plan, at: Preparation, event: &Event, now: Duration) -> State {
    let Some(request) = plan.preparation.get(at.request) else {
        return preparing(plan, at);
    };
    match event {
        // The admin port is up a moment before the actions of the runtime are.
        Event::Replied(reply) if reply.result == ACTION_NOT_FOUND && request.refusal == Refusal::Fails => {
            back_off(at, &Failure::refused(request.action, reply), now)
        }
        Event::Replied(reply) if reply.result != 0 && request.refusal == Refusal::Fails => {
            State::Failed(Failure::refused(request.action, reply))
        }
        Event::Replied(_) | Event::Waited => preparing(
            plan,
            Preparation {
                request: at.request + 1,
                tries: 0,
                ..at
            },
        ),
        Event::Unreachable(problem) => back_off(at, &Failure::lost(request.action, problem), now),
    }
}

fn back_off(at: Preparation, failure: &Failure, now: Duration) -> State {
    if now.saturating_sub(at.since) >= CONFIGURATION_LIMIT {
        return State::Failed(failure.clone());
    }
    State::BackingOff(Preparation {
        tries: at.tries + 1,
        ..at
    })
}

/// `start` and the synchronisation are never sent again after a lost connection: whether the first one goes on is
/// not known, and a new container knows what it does.
fn answered(event: &Event, action: &str, then: impl FnOnce(&Reply) -> State) -> State {
    match event {
        Event::Replied(reply) => then(reply),
        Event::Unreachable(problem) => State::Failed(Failure::lost(action, problem)),
        Event::Waited => State::Failed(Failure::lost(action, "it was not asked")),
    }
}

fn started(plan: &Plan, attempt: Attempt, reply: &Reply) -> State {
    let attempt = Attempt {
        result: Some(reply.result),
        ..attempt
    };
    match (reply.result, plan.role) {
        (0, _) => completing(plan, attempt, 0),
        (2 | 3, Role::Worker) => State::AwaitingLeader(attempt),
        (2, Role::Leader) if !attempt.create_database => State::Starting(Attempt {
            create_database: true,
            ..attempt
        }),
        (3, Role::Leader) if attempt.synchronisations < SYNCHRONISATIONS => State::Counting(attempt),
        (5, Role::Leader) if plan.administrator_password.is_some() && !attempt.passwords_replaced => {
            unsafe_users(attempt, reply)
        }
        _ => State::Failed(remedy(reply)),
    }
}

fn unsafe_users(attempt: Attempt, reply: &Reply) -> State {
    let users: Vec<String> = texts(&reply.feedback["users"])
        .into_iter()
        .map(ToOwned::to_owned)
        .collect();
    if users.is_empty() {
        return State::Failed(remedy(reply));
    }
    State::ReplacingPasswords(
        Attempt {
            passwords_replaced: true,
            ..attempt
        },
        users,
    )
}

/// A refusal of one user shows again as result 5 of the next start.
fn replaced(attempt: Attempt, users: &[String]) -> State {
    match users {
        [] | [_] => State::Starting(attempt),
        [_, left @ ..] => State::ReplacingPasswords(attempt, left.to_vec()),
    }
}

fn counted(attempt: Attempt, reply: &Reply) -> State {
    if reply.result != 0 {
        return State::Failed(Failure::refused("get_ddl_commands", reply));
    }
    let statements = attempt.statements + texts(&reply.feedback["ddl_commands"]).len();
    State::Synchronising(Attempt {
        statements,
        ..attempt
    })
}

fn synchronised(attempt: Attempt, reply: &Reply) -> State {
    if reply.result != 0 {
        return State::Failed(Failure::refused("execute_ddl_commands", reply));
    }
    State::Starting(Attempt {
        synchronisations: attempt.synchronisations + 1,
        ..attempt
    })
}

/// The model runs: nothing that comes after can fail the start, whatever is answered.
fn completing(plan: &Plan, attempt: Attempt, index: usize) -> State {
    if index < plan.completion.len() {
        State::Completing(attempt, index)
    } else {
        State::Running(attempt)
    }
}
