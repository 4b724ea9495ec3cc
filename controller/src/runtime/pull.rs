//! Another image is pulled on the nodes where the app runs, while the earlier one still serves: what is pulled in the
//! outage makes it longer. Pure.

use super::observe::Observed;
use crate::metadata::is_leaving;
use crate::pod_state::{cause, containers};
use crate::puller;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{
    Affinity, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Pod, PodSpec,
};
use kube::ResourceExt;
use mendix_model::crd::Runtime;
use std::collections::{BTreeMap, BTreeSet};

/// A node on which the image is not there by then, and nothing says why, is not waited for any longer: it may be full.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// What is to be done before the image changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pulls {
    pub(crate) create: Vec<Pod>,
    pub(crate) delete: Vec<Pod>,
    /// Why the image cannot change yet.
    pub(crate) waits: Option<Waits>,
}

/// Why an image cannot change yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Waits {
    /// It is being pulled.
    For(String),
    /// It cannot be pulled.
    InVain(String),
}

/// `spec` is that of the pods to come.
pub(crate) fn pulls(runtime: &Runtime, observed: &Observed, spec: &PodSpec, now: Timestamp) -> Pulls {
    let wanted = wanted(runtime, observed, spec);
    let there: BTreeMap<String, &Pod> = observed.pullers.iter().map(|pod| (pod.name_any(), pod)).collect();
    let is_in_vain = |pod: &Pod| puller::told_nothing(pod, now) && !has_told(pod);
    let is_done = |pod: &&Pod| !wanted.contains_key(&pod.name_any()) || is_in_vain(pod);
    let waits = wanted
        .iter()
        .filter_map(|(name, (node, _))| waits(there.get(name).copied(), node, now));
    Pulls {
        // One that cannot be pulled says more than those that are on their way.
        waits: waits.max_by_key(|waits| matches!(waits, Waits::InVain(_))),
        delete: observed.pullers.iter().filter(is_done).cloned().collect(),
        create: wanted
            .into_iter()
            .filter(|(name, _)| !there.contains_key(name))
            .map(|(_, (_, pod))| pod)
            .collect(),
    }
}

/// The pods that pull, by name, with their nodes; none where no earlier image serves.
fn wanted(runtime: &Runtime, observed: &Observed, spec: &PodSpec) -> BTreeMap<String, (String, Pod)> {
    let image = &runtime.spec.image;
    let serving = observed.pods.iter().filter(|pod| !is_leaving(*pod));
    let others = serving.filter(|pod| image_of(pod) != Some(image));
    let nodes: BTreeSet<&str> = others
        .filter_map(|pod| pod.spec.as_ref()?.node_name.as_deref())
        .collect();
    let app = &runtime.spec.environment;
    let one = |node: &str| {
        let spec = PodSpec {
            affinity: Some(on(node)),
            ..spec.clone()
        };
        let pod = puller::pod(runtime, app, image, node, &spec);
        (pod.name_any(), (node.to_owned(), pod))
    };
    nodes.into_iter().map(one).collect()
}

fn image_of(pod: &Pod) -> Option<&String> {
    let containers = &pod.spec.as_ref()?.containers;
    let runtime = containers
        .iter()
        .find(|container| container.name == mendix_model::names::RUNTIME_CONTAINER);
    runtime?.image.as_ref()
}

/// By the scheduler, so that a node that takes no pod is told as for any other.
fn on(node: &str) -> Affinity {
    let name = NodeSelectorRequirement {
        key: "metadata.name".to_owned(),
        operator: "In".to_owned(),
        values: Some(vec![node.to_owned()]),
    };
    let term = NodeSelectorTerm {
        match_fields: Some(vec![name]),
        match_expressions: None,
    };
    Affinity {
        node_affinity: Some(NodeAffinity {
            required_during_scheduling_ignored_during_execution: Some(NodeSelector {
                node_selector_terms: vec![term],
            }),
            ..NodeAffinity::default()
        }),
        ..Affinity::default()
    }
}

fn waits(pod: Option<&Pod>, node: &str, now: Timestamp) -> Option<Waits> {
    let waits = Waits::For(format!(
        "the image is pulled on node {node}; the earlier one serves"
    ));
    let Some(pod) = pod else {
        return Some(waits);
    };
    if has_told(pod) {
        return None;
    }
    if let Some(cause) = cause(pod).filter(|cause| cause.contains("Image")) {
        return Some(Waits::InVain(format!(
            "the image cannot be pulled on node {node}: {cause}; correct that, or deploy another one; the earlier one goes on serving"
        )));
    }
    let made = pod.metadata.creation_timestamp.as_ref();
    let is_late = made.is_some_and(|made| now.duration_since(made.0) >= PATIENCE);
    (!is_late).then_some(waits)
}

/// The kubelet tells what an image is once it is there.
fn has_told(pod: &Pod) -> bool {
    containers(pod).any(|status| status.name == puller::CONTAINER && !status.image_id.is_empty())
}

#[cfg(test)]
#[path = "pull_tests.rs"]
mod tests;
