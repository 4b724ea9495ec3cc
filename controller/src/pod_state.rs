//! What a pod's status says, in sentences. Pure.

use crate::report::shortened;
use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, Pod};
pub(crate) use mendix_model::pod::{is_ready, label};

/// Statuses are read by people; the whole message stays in the pod.
const LONGEST_CAUSE: usize = 1500;
/// Waiting for these is a part of every start.
const USUAL_WAITS: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// Where a task pod stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum TaskState {
    /// It works, or waits for what the sentence says.
    Running(Option<String>),
    /// It ended well, with this termination message.
    Succeeded(String),
    /// It ended badly, for this reason.
    Failed(String),
}

/// Where a task pod stands.
pub(crate) fn task_state(pod: &Pod) -> TaskState {
    match phase(pod) {
        "Succeeded" => TaskState::Succeeded(termination_message(pod)),
        "Failed" => {
            TaskState::Failed(cause(pod).unwrap_or_else(|| "the pod failed without a reason".to_owned()))
        }
        _ => TaskState::Running(cause(pod)),
    }
}

/// The phase, or nothing when the pod has none yet.
pub(crate) fn phase(pod: &Pod) -> &str {
    pod.status
        .as_ref()
        .and_then(|status| status.phase.as_deref())
        .unwrap_or_default()
}

/// Why a pod is not doing its work: the words of its process before the reasons of Kubernetes.
pub(crate) fn cause(pod: &Pod) -> Option<String> {
    let said = containers(pod).find_map(|container| container.state.as_ref().and_then(ended_badly));
    let waits = || containers(pod).find_map(waiting);
    said.or_else(waits)
        .or_else(|| evicted(pod))
        .or_else(|| unschedulable(pod))
        .map(|cause| shortened(&cause, LONGEST_CAUSE))
}

/// Ends after which a pod that is not ready is told as a failure. The kubelet goes on trying, so a cause that passes
/// by itself, such as a database that was away, still ends well; people and pipelines need not wait for it.
const HOPEFUL_ENDS: i32 = 3;

/// How a container ended that has ended again and again and is not ready.
pub(crate) fn crashes(pod: &Pod) -> Option<String> {
    let hopeless = |container: &&ContainerStatus| container.restart_count >= HOPEFUL_ENDS && !container.ready;
    let container = containers(pod).find(hopeless)?;
    let last = container.last_state.as_ref()?.terminated.as_ref()?;
    let told = format!("ended {} times: {}", container.restart_count, end(last));
    Some(shortened(&told, LONGEST_CAUSE))
}

/// All containers with a status, init containers first.
pub(crate) fn containers(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    let status = pod.status.as_ref();
    let first = status.and_then(|status| status.init_container_statuses.as_ref());
    let second = status.and_then(|status| status.container_statuses.as_ref());
    first.into_iter().chain(second).flatten()
}

fn ended_badly(state: &ContainerState) -> Option<String> {
    state
        .terminated
        .as_ref()
        .filter(|ended| ended.exit_code != 0)
        .map(end)
}

/// The message of a process that ended, else how Kubernetes names its end.
fn end(ended: &ContainerStateTerminated) -> String {
    let message = ended.message.as_deref().map(str::trim).unwrap_or_default();
    if message.is_empty() {
        let reason = ended.reason.as_deref().unwrap_or("Error");
        return format!("{reason} (exit code {})", ended.exit_code);
    }
    message.to_owned()
}

/// What a container waits for. After a crash, the end of its last run says more than `CrashLoopBackOff`.
fn waiting(container: &ContainerStatus) -> Option<String> {
    let state = container.state.as_ref()?.waiting.as_ref()?;
    let reason = state
        .reason
        .as_deref()
        .filter(|reason| !USUAL_WAITS.contains(reason))?;
    let last = container
        .last_state
        .as_ref()
        .and_then(|last| last.terminated.as_ref())
        .map(end);
    let detail = last.or_else(|| state.message.clone()).unwrap_or_default();
    Some(if detail.is_empty() {
        reason.to_owned()
    } else {
        format!("{reason}: {detail}")
    })
}

fn evicted(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let reason = status.reason.as_deref()?;
    Some(match status.message.as_deref() {
        Some(message) => format!("{reason}: {message}"),
        None => reason.to_owned(),
    })
}

fn unschedulable(pod: &Pod) -> Option<String> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let scheduled = conditions
        .iter()
        .find(|it| it.type_ == "PodScheduled" && it.status == "False")?;
    let reason = scheduled.reason.as_deref().unwrap_or("Unschedulable");
    Some(format!(
        "{reason}: {}",
        scheduled.message.as_deref().unwrap_or_default()
    ))
}

fn termination_message(pod: &Pod) -> String {
    containers(pod)
        .filter_map(|container| container.state.as_ref()?.terminated.as_ref()?.message.clone())
        .last()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::first_ends(2, false, None)]
    #[case::again_and_again(3, false, Some("ended 3 times: constant missing"))]
    #[case::recovered(5, true, None)]
    fn a_pod_that_ends_again_and_again_is_a_failure(
        #[case] restarts: i32,
        #[case] ready: bool,
        #[case] expected: Option<&str>,
    ) {
        let last = serde_json::json!({ "terminated": { "exitCode": 1, "message": "constant missing" } });
        let container = serde_json::json!({
            "name": "mendix", "image": "", "imageID": "", "ready": ready, "restartCount": restarts,
            "lastState": last,
        });
        let pod = serde_json::json!({ "metadata": {}, "status": { "containerStatuses": [container] } });
        let pod: Pod = serde_json::from_value(pod).expect("pod");
        assert_eq!(crashes(&pod).as_deref(), expected);
    }
    use rstest::rstest;
    use serde_json::{Value, json};

    fn pod(status: &Value) -> Pod {
        serde_json::from_value(json!({ "status": status })).expect("pod")
    }

    #[rstest]
    #[case::message(
        json!({"containerStatuses": [{"state": {"terminated": {"exitCode": 1, "message": "password refused\n"}}}]}),
        "password refused"
    )]
    #[case::killed(
        json!({"containerStatuses": [{"state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]}),
        "OOMKilled (exit code 137)"
    )]
    #[case::image(
        json!({"containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]}),
        "ImagePullBackOff: no such image"
    )]
    #[case::crash(
        json!({"containerStatuses": [{
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
            "lastState": {"terminated": {"exitCode": 1, "message": "constant missing"}},
        }]}),
        "CrashLoopBackOff: constant missing"
    )]
    #[case::no_node(
        json!({"conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"},
        ]}),
        "Unschedulable: 0/1 nodes"
    )]
    #[case::evicted(json!({"phase": "Failed", "reason": "Evicted", "message": "disk"}), "Evicted: disk")]
    fn the_cause_is_told(#[case] status: Value, #[case] expected: &str) {
        let mut status = status;
        for container in status["containerStatuses"].as_array_mut().into_iter().flatten() {
            let required =
                json!({"name": "a", "image": "", "imageID": "", "ready": false, "restartCount": 0});
            container
                .as_object_mut()
                .expect("container")
                .extend(required.as_object().expect("object").clone());
        }
        assert_eq!(cause(&pod(&status)).as_deref(), Some(expected));
    }

    #[test]
    fn a_usual_start_is_no_cause() {
        let starting = json!({"containerStatuses": [{
            "name": "a", "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"waiting": {"reason": "ContainerCreating"}},
        }]});
        assert_eq!(task_state(&pod(&starting)), TaskState::Running(None));
    }
}
