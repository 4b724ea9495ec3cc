//! What the order of a rollout is decided from, of what was seen. Pure.

use super::order::{self, Identity, Inputs, Seen, Situation};
use super::strategy;
use crate::crd::RuntimeSpec;
use crate::names::{self, Role};
use crate::pod::{is_ready, label};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use std::collections::BTreeSet;

/// An app as it is there.
#[derive(Clone, Copy, Debug)]
pub struct Present<'a> {
    /// Deployment of the leader.
    pub leader: Option<&'a Deployment>,
    /// Deployment of the workers.
    pub worker: Option<&'a Deployment>,
    /// Its pods, read after the Deployments.
    pub pods: &'a [Pod],
    /// Nodes that take no new pods.
    pub cordoned: &'a BTreeSet<String>,
    /// Whether the database is in the memory of the runtime.
    pub in_memory: bool,
}

/// Leaders and workers that are wanted in the end.
pub fn shares(spec: &RuntimeSpec, in_memory: bool) -> (i32, i32) {
    order::shares(
        spec.leader_selection.unwrap_or_default(),
        spec.replicas,
        in_memory,
    )
}

/// What [`order`] decides from.
pub fn situation(spec: &RuntimeSpec, present: Present<'_>, inputs: &Inputs) -> Situation {
    let mode = spec.leader_selection.unwrap_or_default();
    let pods = |role| of_role(present.pods, role).map(of_pod).collect();
    // Pods were read after the Deployments, whose statuses may still count one that is being evicted.
    let serves = |role| of_role(present.pods, role).any(|pod| is_ready(pod) && !is_leaving(pod));
    Situation {
        wanted: Identity {
            model: spec.model.clone(),
            leader_selection: mode.as_str().to_owned(),
        },
        inputs: inputs.clone(),
        mode,
        replicas: spec.replicas,
        in_memory: present.in_memory,
        may_surge: !present.in_memory && strategy::may_surge(spec.deployment_strategy.as_ref()),
        drained: is_drained(present),
        leader: present.leader.map(|it| seen(it, serves(Role::Leader))),
        worker: present.worker.map(|it| seen(it, serves(Role::Worker))),
        leader_pods: pods(Role::Leader),
        worker_pods: pods(Role::Worker),
    }
}

/// Whether a pod is on a node that takes no new ones. One that was evicted counts until it has ended: until then not all
/// that tells of the app has heard of it.
pub fn is_drained(present: Present<'_>) -> bool {
    let node = |pod: &Pod| pod.spec.as_ref()?.node_name.clone();
    let mut nodes = present.pods.iter().filter_map(node);
    nodes.any(|node| present.cordoned.contains(&node))
}

/// Whether the Deployment controller has acted on a Deployment as it is now.
pub fn is_observed(deployment: &Deployment) -> bool {
    let status = deployment.status.as_ref();
    status.and_then(|status| status.observed_generation) >= deployment.metadata.generation
}

/// Whether the pods of a Deployment are those of its present template, as far as its controller has seen it.
pub fn is_rolled_out(deployment: &Deployment) -> bool {
    let status = deployment.status.clone().unwrap_or_default();
    is_observed(deployment) && status.updated_replicas.unwrap_or(0) == status.replicas.unwrap_or(0)
}

/// Pods of a Deployment that are ready, as far as its controller has seen it.
pub fn ready_replicas(deployment: &Deployment) -> i32 {
    let status = deployment.status.as_ref();
    status.and_then(|status| status.ready_replicas).unwrap_or(0)
}

fn of_role(pods: &[Pod], role: Role) -> impl Iterator<Item = &Pod> {
    pods.iter()
        .filter(move |pod| label(pod, names::ROLE_LABEL) == Some(role.as_str()))
}

const fn is_leaving(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_some()
}

fn of_pod(pod: &Pod) -> Identity {
    identity(
        pod.labels().get(names::MODEL_LABEL),
        pod.annotations().get(names::LEADER_SELECTION_ANNOTATION),
    )
}

fn identity(model: Option<&String>, leader_selection: Option<&String>) -> Identity {
    Identity {
        model: model.cloned().unwrap_or_default(),
        leader_selection: leader_selection.cloned().unwrap_or_default(),
    }
}

fn seen(deployment: &Deployment, serves: bool) -> Seen {
    let spec = deployment.spec.as_ref();
    let template = spec.and_then(|spec| spec.template.metadata.as_ref());
    let labels = template.and_then(|template| template.labels.as_ref());
    let annotations = template.and_then(|template| template.annotations.as_ref());
    let serves = serves && ready_replicas(deployment) > 0;
    Seen {
        identity: identity(
            labels.and_then(|labels| labels.get(names::MODEL_LABEL)),
            annotations.and_then(|annotations| annotations.get(names::LEADER_SELECTION_ANNOTATION)),
        ),
        replicas: spec.and_then(|spec| spec.replicas).unwrap_or(1),
        observed: is_observed(deployment),
        ready: is_rolled_out(deployment) && serves,
        serves,
        rolls: strategy::is_rolling(deployment),
        input: input(deployment),
    }
}

/// What the template of a Deployment was made from.
pub fn input(deployment: &Deployment) -> String {
    let input = deployment.annotations().get(names::INPUT_ANNOTATION);
    input.cloned().unwrap_or_default()
}
