//! Configuration: the app container's ports and the runtime's settings.

use serde_json::Value;

use super::super::answer::Answer;
use super::super::request::Request;
use crate::state::State;

const FAILED: i64 = 1;

/// Takes over the app port; a port is a number or its text.
pub(super) fn update_appcontainer(state: &mut State, request: &Request) -> Answer {
    let port = match request.params.get("runtime_port") {
        None => None,
        Some(value) => match port(value) {
            Some(port) => Some(port),
            None => return Answer::failed(FAILED, format!("runtime_port {value} is not a port")),
        },
    };
    state.app_port = port.or(state.app_port);
    if let Some(addresses) = request.text("runtime_listen_addresses") {
        state.app_addresses = Some(addresses.to_owned());
    }
    Answer::done()
}

fn port(value: &Value) -> Option<u16> {
    match value {
        Value::String(text) => text.parse().ok(),
        number => number.as_u64().and_then(|number| number.try_into().ok()),
    }
}

/// Takes over settings. Lists of certificates and of events are strings separated by commas: a runtime that is sent
/// a JSON list fails on it, so the double does too.
pub(super) fn update(state: &mut State, request: &Request) -> Answer {
    let is_no_text = |name: &str| request.params.get(name).is_some_and(|value| !value.is_string());
    if let Some(name) = LISTS.iter().find(|name| is_no_text(name)) {
        return Answer::failed(FAILED, format!("{name} must be a string with commas"));
    }
    if request
        .params
        .get("MicroflowConstants")
        .is_some_and(|value| !value.is_object())
    {
        return Answer::failed(FAILED, "MicroflowConstants must be an object");
    }
    state.settings.merge(&request.params);
    Answer::done()
}

const LISTS: [&str; 4] = [
    "MyScheduledEvents",
    "CACertificates",
    "ClientCertificates",
    "ClientCertificatePasswords",
];
