//! When a pod's processes have ended for good, as far as Kubernetes can tell. Pure.
//!
//! "The object is gone", phase `Failed` and a deletion timestamp each prove nothing: a forced deletion takes the object
//! before its process ends, and the garbage collector of pods writes `Failed` without asking a kubelet. What proves it
//! is the word of the kubelet that it has seen the end that was asked for, and then the state of every container.
//! Source: Kubernetes API reference, `PodStatus`; kubelet 1.36, `status_manager.go` and `kubelet_pods.go`.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod, PodStatus};
use std::collections::BTreeMap;

/// Whether no process of the pod runs, and none will.
pub fn has_ended(pod: &Pod) -> bool {
    let status = pod.status.clone().unwrap_or_default();
    let deleted = pod.metadata.deletion_timestamp.is_some();
    // The API server binds no pod that is being deleted.
    if deleted && (!is_bound(pod) || is_mirror(pod)) {
        return true;
    }
    (deleted || is_final(&status)) && kubelet_has_seen(pod, &status) && containers_have_ended(pod, &status)
}

/// Whether a container of this name may ever have been started. Unknown counts as started.
pub fn may_have_started(pod: &Pod, container: &str) -> bool {
    if !is_bound(pod) {
        return false;
    }
    let status = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.as_ref());
    let found = status.into_iter().flatten().find(|it| it.name == container);
    match found {
        Some(found) => !never_started(found),
        // Without a word of the kubelet nothing is known, unless the pod has come to its end.
        None => !pod.status.as_ref().is_some_and(is_final),
    }
}

fn is_bound(pod: &Pod) -> bool {
    pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some())
}

/// Of a static pod. Its kubelet deletes the mirror when the pod has ended, and writes no status any more (kubelet 1.36,
/// `HandlePodCleanups`); that nobody else does is a policy of the chart, MX029.
fn is_mirror(pod: &Pod) -> bool {
    let annotations = pod.metadata.annotations.as_ref();
    annotations.is_some_and(|all| all.contains_key("kubernetes.io/config.mirror"))
}

fn is_final(status: &PodStatus) -> bool {
    matches!(status.phase.as_deref(), Some("Failed" | "Succeeded"))
}

/// From 1.34 on the kubelet says which generation of the pod it has seen, and a deletion is a new one. Before, only a
/// final phase is its word, and that only if it was not the garbage collector that wrote it.
fn kubelet_has_seen(pod: &Pod, status: &PodStatus) -> bool {
    match status.observed_generation {
        Some(seen) => pod
            .metadata
            .generation
            .is_some_and(|generation| seen >= generation),
        None => is_final(status) && !collected(status),
    }
}

fn collected(status: &PodStatus) -> bool {
    let conditions = status.conditions.iter().flatten();
    conditions
        .filter(|it| it.type_ == "DisruptionTarget")
        .any(|it| it.reason.as_deref() == Some("DeletionByPodGC"))
}

fn containers_have_ended(pod: &Pod, status: &PodStatus) -> bool {
    let containers: BTreeMap<&str, &ContainerStatus> = [
        &status.init_container_statuses,
        &status.container_statuses,
        &status.ephemeral_container_statuses,
    ]
    .into_iter()
    .flatten()
    .flatten()
    .map(|it| (it.name.as_str(), it))
    .collect();
    // A container that only waits may be on its way to start until the kubelet has written the final phase.
    let last_word = is_final(status);
    names(pod).iter().all(|name| match containers.get(name) {
        Some(state) => terminated(state) || (last_word && never_started(state)),
        None => last_word,
    })
}

fn names(pod: &Pod) -> Vec<&str> {
    let Some(spec) = &pod.spec else { return Vec::new() };
    let ephemeral = spec
        .ephemeral_containers
        .iter()
        .flatten()
        .map(|it| it.name.as_str());
    let first = spec.init_containers.iter().flatten().map(|it| it.name.as_str());
    spec.containers
        .iter()
        .map(|it| it.name.as_str())
        .chain(first)
        .chain(ephemeral)
        .collect()
}

/// `ContainerStatusUnknown` comes without a container's id: the kubelet does not know, and neither do we.
fn terminated(status: &ContainerStatus) -> bool {
    fn id(state: Option<&ContainerState>) -> Option<&str> {
        state?.terminated.as_ref()?.container_id.as_deref()
    }
    id(status.state.as_ref()).is_some_and(|id| !id.is_empty())
}

fn never_started(status: &ContainerStatus) -> bool {
    let running = |state: &ContainerState| state.running.is_some();
    let ended = |state: &ContainerState| {
        state
            .terminated
            .as_ref()
            .is_some_and(|it| it.container_id.as_deref().is_some_and(|id| !id.is_empty()))
    };
    let ran = |state: Option<&ContainerState>| state.is_some_and(|it| running(it) || ended(it));
    status.container_id.as_deref().unwrap_or_default().is_empty()
        && status.restart_count == 0
        && status.started != Some(true)
        && !ran(status.state.as_ref())
        && !ran(status.last_state.as_ref())
}

#[cfg(test)]
#[path = "ending_tests.rs"]
mod tests;
