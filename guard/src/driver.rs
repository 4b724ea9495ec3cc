//! Performs what the sequence says.

use crate::admin::{Admin, Reply};
use crate::sequence::{self, Event, Failure, Plan, Request, State, Step};
use crate::status::Status;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// Result of `start` on a database that is not in step with the model.
const SCHEMA_DIFFERS: i64 = 3;

/// Starts the model. Ends when it runs or cannot be started; may be dropped at any point.
pub(crate) async fn drive(plan: &Plan, admin: &Admin, status: &watch::Sender<Status>) -> Result<(), Failure> {
    let begun = Instant::now();
    let mut state = State::AwaitingAdminPort;
    loop {
        status.send_modify(|status| *status = status.at(&state, Timestamp::now()));
        let event = match sequence::step(plan, &state) {
            Step::Call(request) => call(admin, &request).await,
            Step::Wait(pause) => {
                sleep(pause).await;
                Event::Waited
            }
            Step::Done => return Ok(()),
            Step::Fail(failure) => return Err(failure),
        };
        let next = sequence::advance(plan, state.clone(), &event, begun.elapsed());
        if let Some(news) = news(&state, &next) {
            tracing::info!("{news}");
        }
        state = next;
    }
}

async fn call(admin: &Admin, request: &Request) -> Event {
    match admin.call(request.action, &request.params, request.limit).await {
        Ok(reply) => {
            tell_reply(request.action, &reply);
            Event::Replied(reply)
        }
        Err(error) => {
            tracing::debug!(action = request.action, "no answer of the admin port: {error}");
            Event::Unreachable(error.to_string())
        }
    }
}

/// Feedback is not told at level info: DDL statements stand there, and names of the app's users.
fn tell_reply(action: &str, reply: &Reply) {
    tracing::debug!(action, result = reply.result, feedback = %reply.feedback, "answer of the admin port");
    // A database that is not in step is a step on the way, and told as such.
    let on_the_way = action == "start" && reply.result == SCHEMA_DIFFERS;
    if reply.result != 0 && !on_the_way {
        let words = [&reply.message, &reply.cause]
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(", caused by: ");
        tracing::warn!(action, result = reply.result, "the runtime answered: {words}");
    }
}

/// What a step forward is told with.
fn news(state: &State, next: &State) -> Option<String> {
    let text = match (state, next) {
        (State::AwaitingAdminPort, State::Preparing(_)) => {
            "the admin port answers; sending the configuration"
        }
        (State::Preparing(_), State::Starting(_)) => "starting the model",
        (_, State::AwaitingLeader(_)) => "waiting for the leader to make the database ready",
        (_, State::Running(_)) => "the model runs",
        (_, State::Synchronising(attempt)) => {
            return Some(format!(
                "synchronising the database, {} statements so far",
                attempt.statements
            ));
        }
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::redaction::Secrets;
    use crate::sequence::synchronise;
    use axum::{Json, Router, routing::post};
    use serde_json::json;
    use std::time::Duration;

    /// The clock stands still and jumps to whatever is due next.
    #[tokio::test(start_paused = true)]
    async fn a_database_may_take_days_to_be_brought_to_its_model() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
        let port = listener.local_addr().expect("address").port();
        let answer = || async {
            sleep(Duration::from_hours(72)).await;
            Json(json!({ "result": 0 }))
        };
        tokio::spawn(axum::serve(listener, Router::new().route("/", post(answer))).into_future());
        let admin = Admin::new(Client::new(), port, "none", Secrets::default());
        let event = call(&admin, &synchronise()).await;
        assert!(
            matches!(&event, Event::Replied(reply) if reply.result == 0),
            "{event:?}"
        );
    }
}
