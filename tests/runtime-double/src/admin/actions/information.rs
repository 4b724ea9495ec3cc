//! What the runtime tells about itself.

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::request::Request;
use crate::package::Metadata;
use crate::state::State;

pub(super) fn about(metadata: &Metadata) -> Answer {
    Answer::with(json!({
        "name": "Mendix Runtime",
        "company": "a test part, not made by Mendix",
        "version": metadata.runtime_version,
        "model_version": metadata.model_version,
    }))
}

pub(super) fn licence(state: &State) -> Answer {
    Answer::with(json!({ "license": state.licence.clone().unwrap_or_else(|| json!({})) }))
}

pub(super) fn set_licence(state: &mut State, request: &Request) -> Answer {
    let (Some(id), Some(_)) = (request.text("license_id"), request.text("license_key")) else {
        return Answer::failed(1, "a licence needs license_id and license_key");
    };
    state.licence = Some(json!({ "LicenseID": id, "ExpirationDate": 4_102_444_800_000_i64 }));
    Answer::done()
}

pub(super) fn server_statistics() -> Answer {
    Answer::with(json!({
        "memory": memory(),
        "threadpool": { "threads": 8, "idle_threads": 7, "max_threads": 254 },
        "jetty": { "max_open_connections": 1, "current_open_connections": 0 },
    }))
}

pub(super) fn runtime_statistics() -> Answer {
    Answer::with(json!({
        "requests": [{ "name": "", "value": 0 }, { "name": "xas/", "value": 0 }],
        "sessions": { "named_users": 0, "named_user_sessions": 0, "anonymous_sessions": 0, "user_sessions": {} },
        "connectionbus": { "select": 0, "insert": 0, "update": 0, "delete": 0, "transaction": 0 },
        "memory": memory(),
        "threads": 42,
    }))
}

pub(super) fn cache_statistics() -> Answer {
    Answer::with(json!({ "cache": { "total_count": 0 } }))
}

pub(super) fn stack_traces() -> Answer {
    Answer::with(json!({ "main": ["java.base/java.lang.Object.wait(Native Method)"] }))
}

fn memory() -> Value {
    json!({ "used_heap": 67_108_864, "committed_heap": 134_217_728, "max_heap": 268_435_456 })
}
