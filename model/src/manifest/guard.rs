//! Whether the pods of a manifest ask for the guard, and can have it. Pure.

use crate::names;
use crate::runtime_configuration::{GUARD_BINARY, GUARD_FOLDER};
use k8s_openapi::api::core::v1::{Container, PodSpec};
use std::collections::BTreeMap;

/// Whether pods with these annotations ask for the guard.
pub fn asks_for_guard(annotations: Option<&BTreeMap<String, String>>) -> bool {
    let asked = annotations.and_then(|all| all.get(names::INJECT_GUARD_ANNOTATION));
    asked.is_some_and(|value| value == "true")
}

/// Whether the manifest says what the container starts. What the image would start by itself stands in the image only.
pub fn has_command(container: &Container) -> bool {
    container.command.as_ref().is_some_and(|it| !it.is_empty())
}

/// Where the guard lies in the containers that it looks after.
pub fn guard_program() -> String {
    format!("{GUARD_FOLDER}/{GUARD_BINARY}")
}

/// Name of the container that starts with the guard.
pub fn guarded_container(spec: &PodSpec) -> Option<&str> {
    let program = guard_program();
    let starts_with_it = |container: &&Container| {
        let command = container.command.as_ref();
        command.is_some_and(|command| command.first() == Some(&program))
    };
    let found = spec.containers.iter().find(starts_with_it);
    found.map(|container| container.name.as_str())
}
