//! Log subscribers and levels.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::request::Request;
use crate::state::State;

const FAILED: i64 = 1;
const TYPES: [&str; 4] = ["console", "console_json", "file", "opentelemetry"];
const LEVELS: [&str; 7] = ["NONE", "CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "TRACE"];
/// Nodes that every runtime has; others need `force`.
const NODES: [&str; 5] = ["Core", "Connector", "ConnectionBus", "Jetty", "M2EE"];

pub(super) fn create_subscriber(state: &mut State, request: &Request) -> Answer {
    let (Some(name), Some(kind)) = (request.text("name"), request.text("type")) else {
        return Answer::failed(FAILED, "a log subscriber needs name and type");
    };
    let level = request
        .text("autosubscribe")
        .unwrap_or("INFO")
        .to_ascii_uppercase();
    if !TYPES.contains(&kind) {
        return Answer::failed(FAILED, format!("unknown type of log subscriber: {kind}"));
    }
    if !LEVELS.contains(&level.as_str()) {
        return Answer::failed(FAILED, format!("unknown log level: {level}"));
    }
    if state.subscribers.contains_key(name) {
        return Answer::failed(FAILED, format!("there is a log subscriber {name} already"));
    }
    state.subscribers.insert(name.to_owned(), level.clone());
    for node in NODES {
        state
            .levels
            .insert((name.to_owned(), node.to_owned()), level.clone());
    }
    Answer::done()
}

pub(super) fn remove_subscriber(state: &mut State, request: &Request) -> Answer {
    let name = request.text("name").unwrap_or_default();
    if state.subscribers.remove(name).is_none() {
        return Answer::failed(FAILED, format!("there is no log subscriber {name}"));
    }
    state.levels.retain(|(subscriber, _), _| subscriber != name);
    Answer::done()
}

/// The levels by subscriber and node, or with `sort` `node` the other way round.
pub(super) fn settings(state: &State, request: &Request) -> Answer {
    let by_node = request.text("sort") == Some("node");
    let mut sorted: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for ((subscriber, node), level) in &state.levels {
        let (outer, inner) = if by_node {
            (node, subscriber)
        } else {
            (subscriber, node)
        };
        sorted.entry(outer).or_default().insert(inner, level);
    }
    Answer::with(json!(sorted))
}

/// Sets one node (`node`, `level`) or several (`nodes`) for a subscriber, or for all with `*`.
pub(super) fn set_level(state: &mut State, request: &Request) -> Answer {
    match changes(state, request) {
        Ok(changes) => {
            state.levels.extend(changes);
            Answer::done()
        }
        Err(message) => Answer::failed(FAILED, message),
    }
}

type Change = ((String, String), String);

fn changes(state: &State, request: &Request) -> Result<Vec<Change>, String> {
    let subscriber = request.text("subscriber").unwrap_or("*");
    if subscriber != "*" && !state.subscribers.contains_key(subscriber) {
        return Err(format!("there is no log subscriber {subscriber}"));
    }
    let subscribers: Vec<&String> = state
        .subscribers
        .keys()
        .filter(|name| subscriber == "*" || *name == subscriber)
        .collect();
    let mut changes = Vec::new();
    for (node, level) in nodes(request)? {
        let level = level.to_ascii_uppercase();
        if !LEVELS.contains(&level.as_str()) {
            return Err(format!("unknown log level: {level}"));
        }
        if !request.flag("force") && !state.levels.keys().any(|(_, known)| known == node) {
            return Err(format!("unknown log node: {node}; force creates it"));
        }
        let change = |name: &&String| (((*name).clone(), node.to_owned()), level.clone());
        changes.extend(subscribers.iter().map(change));
    }
    Ok(changes)
}

fn nodes(request: &Request) -> Result<Vec<(&str, &str)>, String> {
    let missing = || "a log level needs node and level".to_owned();
    let Some(nodes) = request.params.get("nodes") else {
        let pair = request.text("node").zip(request.text("level"));
        return pair.map(|pair| vec![pair]).ok_or_else(missing);
    };
    let pair = |node| text(node, "name").zip(text(node, "level"));
    nodes
        .as_array()
        .and_then(|nodes| nodes.iter().map(pair).collect())
        .ok_or_else(missing)
}

fn text<'a>(node: &'a Value, name: &str) -> Option<&'a str> {
    node.get(name)?.as_str()
}
