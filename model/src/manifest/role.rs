//! Whether the role that a template declares fits its kind and its variables. Pure.

use super::container::{Variables, is_telling};
use super::kind::Kind;
use crate::crd::claim::Role;
use crate::database::role::{contradiction, declared};
use crate::names;
use k8s_openapi::api::core::v1::{EnvVar, PodSpec};

/// What a template declares of its role.
#[derive(Clone, Copy, Debug)]
pub struct Declaration<'a> {
    /// What makes the pods.
    pub kind: Kind,
    /// Value of the role label.
    pub role: Option<&'a str>,
    /// The template.
    pub spec: &'a PodSpec,
    /// Number of the first pod of a `StatefulSet`.
    pub first: u32,
}

/// What contradicts the role, and what to set; nothing when it fits, or when the manifest does not tell.
pub fn misfit(declaration: &Declaration<'_>, env: &[EnvVar], variables: &Variables) -> Option<String> {
    let roles = match roles(declaration) {
        Ok(roles) => roles,
        Err(problem) => return Some(problem),
    };
    // What kind of image it is stands among variables that the manifest does not tell.
    let mut names = variables.literal.keys().chain(variables.elsewhere.keys());
    if !variables.imports.is_empty() && !names.any(|name| is_telling(name)) {
        return None;
    }
    let declared = declared([], env);
    roles
        .into_iter()
        .find_map(|(role, ordinal)| contradiction(role, &declared, ordinal))
}

/// Roles that pods of the workload have, each with the number that its process sees.
fn roles(declaration: &Declaration<'_>) -> Result<Vec<(Role, Option<u32>)>, String> {
    let spec = declaration.spec;
    let own_host = spec.host_network != Some(true) && spec.set_hostname_as_fqdn != Some(true);
    let numbered = declaration.kind == Kind::StatefulSet && own_host;
    let first = numbered.then_some(declaration.first);
    let second = numbered.then_some(declaration.first.saturating_add(1));
    match declaration.role {
        Some("leader") => Ok(vec![(Role::Leader, first)]),
        Some("worker") => Ok(vec![(Role::Worker, first)]),
        Some("peer") => Ok(vec![(Role::Peer, first)]),
        Some("ordinal") if first == Some(0) => Ok(vec![(Role::Leader, first), (Role::Worker, second)]),
        Some("ordinal") if numbered => Err(
            "role ordinal lets pod number 0 lead, and its StatefulSet starts at another: set ordinals.start to 0"
                .to_owned(),
        ),
        Some("ordinal") => {
            Err("role ordinal is for pods of a StatefulSet only: set role leader or worker".to_owned())
        }
        _ => Err(format!(
            "label {} is not leader, worker, peer or ordinal: set one",
            names::ROLE_LABEL
        )),
    }
}
