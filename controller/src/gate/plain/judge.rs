//! What a pod or template of a plain manifest is: role, database, model. Pure.

use super::image::{Images, digest, reference_of};
use super::sources::Sources;
use super::workload::Template;
use crate::gate::pod::gate;
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
use kube::ResourceExt;
use mendix_model::crd::claim::{Owner, Role};
use mendix_model::database::role::{contradiction, declared};
use mendix_model::database::{Identity, from_variables};
use mendix_model::gate::Gate;
use mendix_model::manifest::of_app;
use mendix_model::names;
use std::collections::BTreeMap;

/// What there is to know of a plain pod.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Judged {
    pub(crate) role: Role,
    /// Container that runs the app.
    pub(crate) container: String,
    /// Its image by digest, once known.
    pub(crate) image: Option<String>,
    /// Claim of the database that its variables name, or what is wrong with them.
    pub(crate) claim: Result<String, String>,
    pub(crate) contradiction: Option<String>,
}

impl Judged {
    /// The digest stands for the model.
    pub(crate) fn model(&self) -> Option<String> {
        digest(self.image.as_deref()?).map(ToOwned::to_owned)
    }
}

/// Judges a pod that waits, or runs.
pub(crate) fn judge(pod: &Pod, revision: &str, images: &Images, sources: &Sources, owner: &Owner) -> Judged {
    let spec = pod.spec.clone().unwrap_or_default();
    let ordinal = ordinal(pod, &spec);
    let (role, unfit) = role(pod.labels().get(names::ROLE_LABEL).map(String::as_str), ordinal);
    let container = match of_app(Some(pod.annotations()), &spec) {
        Ok(container) => container,
        Err(problem) => return unclear(role, problem),
    };
    Judged {
        role,
        container: container.name.clone(),
        image: image(pod, container, revision, images),
        claim: claim(container, sources, owner),
        contradiction: unfit.or_else(|| of_role(role, container, sources, ordinal)),
    }
}

/// Claim of the database that the pods of a template will name.
pub(crate) fn judge_template(
    template: &Template<'_>,
    sources: &Sources,
    owner: &Owner,
) -> Result<String, String> {
    claim(of_app(template.annotations, template.spec)?, sources, owner)
}

fn unclear(role: Role, problem: String) -> Judged {
    Judged {
        role,
        container: String::new(),
        image: None,
        claim: Err(problem.clone()),
        contradiction: Some(problem),
    }
}

/// The number of a `StatefulSet`'s pod, where its host name tells it to the process.
fn ordinal(pod: &Pod, spec: &PodSpec) -> Option<u32> {
    let owner = crate::apply::controller_of(&pod.metadata)?;
    let own_host = spec.host_network != Some(true) && spec.set_hostname_as_fqdn != Some(true);
    if owner.kind != "StatefulSet" || !own_host {
        return None;
    }
    pod.name_any()
        .rsplit_once('-')
        .and_then(|(_, number)| number.parse().ok())
}

fn role(label: Option<&str>, ordinal: Option<u32>) -> (Role, Option<String>) {
    match (label, ordinal) {
        (Some("leader"), _) | (Some("ordinal"), Some(0)) => (Role::Leader, None),
        (Some("worker"), _) | (Some("ordinal"), Some(_)) => (Role::Worker, None),
        (Some("peer"), _) => (Role::Peer, None),
        (Some("ordinal"), None) => {
            let problem = "role ordinal is for pods of a StatefulSet only: set role leader or worker";
            (Role::Unknown, Some(problem.to_owned()))
        }
        (_, _) => {
            let problem = format!(
                "label {} is not leader, worker, peer or ordinal: set one",
                names::ROLE_LABEL
            );
            (Role::Unknown, Some(problem))
        }
    }
}

/// Pinned, or as the kubelet pulled it, or as a pod that pulled it for this revision found it.
fn image(pod: &Pod, container: &Container, revision: &str, images: &Images) -> Option<String> {
    let named = container.image.as_deref().unwrap_or_default();
    let resolved = images.resolved(named, revision).map(ToOwned::to_owned);
    let pulled = || reference_of(pod, &container.name, named);
    // A pod that waits may name a digest that nobody can pull; one that was opened has it pinned by us.
    let pinned = || {
        digest(named)
            .map(|_| named.to_owned())
            .filter(|_| gate(pod) == Gate::Open)
    };
    resolved.or_else(pulled).or_else(pinned)
}

/// Without the right to read Secrets the database is guarded under the environment's own name.
pub(super) fn claim(container: &Container, sources: &Sources, owner: &Owner) -> Result<String, String> {
    match (sources.refused, sources.by_name) {
        (true, true) => {
            return Err("variables come from a Secret or ConfigMap that may no longer be read: run kubectl mendix protect".to_owned());
        }
        (true, false) => return Ok(Identity::Local.claim(owner)),
        (false, _) => {}
    }
    let variables: BTreeMap<String, String> = sources.resolved(container);
    match from_variables(&variables, &owner.namespace).identity {
        Ok(Some(identity)) => Ok(identity.claim(owner)),
        Ok(None) => Err(
            "no variable of the pod names a database: set DATABASE_ENDPOINT, or the one of its image"
                .to_owned(),
        ),
        Err(problem) => Err(problem.to_string()),
    }
}

fn of_role(role: Role, container: &Container, sources: &Sources, ordinal: Option<u32>) -> Option<String> {
    let imports = container.env_from.iter().flatten().next().is_some();
    if sources.refused && imports {
        let problem = "variables come from a Secret or ConfigMap that may not be read, and may hold the role: run \
                       kubectl mendix protect";
        return Some(problem.to_owned());
    }
    let imported = sources.imported(container);
    let variables = declared(
        imported.keys().map(String::as_str),
        container.env.as_deref().unwrap_or_default(),
    );
    contradiction(role, &variables, ordinal)
}
