//! Actions about a running app: echo, health, debugger, reload.

use serde_json::json;

use super::super::answer::{Answer, Code};
use super::super::request::Request;
use crate::options::Health;
use crate::state::{State, Status};

/// `check_health` of an app that does not run.
const INVALID_STATE: i64 = 2;

/// Answers `pong` as long as nothing CRITICAL was logged.
pub(super) fn echo(state: &State) -> Answer {
    if state.criticals.is_empty() {
        return Answer::with(json!({ "echo": "pong" }));
    }
    Answer::with(json!({ "echo": "critical errors were logged", "errors": state.criticals }))
}

pub(super) fn check_health(status: Status, health: Health) -> Answer {
    if status != Status::Running {
        return Answer::failed(INVALID_STATE, "the health check needs a running app");
    }
    match health {
        Health::Healthy => Answer::with(json!({ "health": "healthy", "diagnosis": "" })),
        Health::Sick => Answer::with(json!({ "health": "sick", "diagnosis": "the model's option says so" })),
        Health::Unknown => Answer::with(json!({ "health": "unknown", "diagnosis": "" })),
        Health::Absent => Answer::refused(Code::ActionNotFound, "the model has no health check"),
    }
}

/// Hot reload is for development.
pub(super) fn reload_model(state: &State) -> Answer {
    match state.settings.text("DTAPMode").as_deref() {
        Some("D") => Answer::done(),
        _ => Answer::failed(1, "the model is reloaded in DTAPMode D only"),
    }
}

pub(super) fn enable_debugger(state: &mut State, request: &Request) -> Answer {
    if request.text("password").is_none() {
        return Answer::failed(1, "the parameter password is missing");
    }
    state.debugger = true;
    Answer::done()
}

pub(super) fn disable_debugger(state: &mut State) -> Answer {
    state.debugger = false;
    Answer::done()
}

pub(super) fn debugger_status(state: &State) -> Answer {
    let enabled = state.debugger;
    Answer::with(
        json!({ "status": { "enabled": enabled, "client_connected": false, "paused_microflows": [] } }),
    )
}
