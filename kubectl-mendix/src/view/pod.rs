//! One pod: what it does, and why it does not serve.

use super::Health;
use super::held::HeldView;
use k8s_openapi::api::core::v1::{
    ContainerState, ContainerStateTerminated, ContainerStatus, Pod, PodCondition, PodStatus,
};
use mendix_model::crd::runtime::RuntimePod;
use mendix_model::names;
use serde::Serialize;

/// One pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodView {
    /// Name.
    pub name: String,
    /// `leader`, `worker`, `peer`; absent with task pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// How it is.
    pub health: Health,
    /// One word: Ready, Starting, Gated, Terminating, or Kubernetes' own, such as `ImagePullBackOff`.
    pub state: String,
    /// Why it is not ready, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why our gate keeps it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldView>,
    /// Restarts of its containers.
    pub restarts: i32,
    /// It ended, and not well.
    pub failed: bool,
    /// Model it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Node it runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

/// Value of a label of a pod.
pub(super) fn label<'a>(pod: &'a Pod, key: &str) -> Option<&'a str> {
    pod.metadata.labels.as_ref()?.get(key).map(String::as_str)
}

impl PodView {
    /// The view of a pod. `told`: the controller's sentence, which knows what the guard reports.
    pub(super) fn new(pod: &Pod, told: Option<String>) -> Self {
        let status = pod.status.clone().unwrap_or_default();
        let Finding { health, state, cause } = find(pod, &status);
        Self {
            name: pod.metadata.name.clone().unwrap_or_default(),
            role: label(pod, names::ROLE_LABEL).map(str::to_owned),
            health,
            state,
            message: if health == Health::Ready {
                None
            } else {
                told.or(cause)
            },
            held: None,
            restarts: containers(&status).map(|container| container.restart_count).sum(),
            failed: status.phase.as_deref() == Some("Failed"),
            model: label(pod, names::MODEL_LABEL).map(str::to_owned),
            node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
        }
    }

    /// It is to end, or has ended: others have taken its place, or will.
    pub(super) fn is_over(&self) -> bool {
        self.failed || [TERMINATING, COMPLETED].contains(&self.state.as_str())
    }

    /// The view of what the controller says of a pod.
    pub(super) fn told(pod: RuntimePod) -> Self {
        let ready = pod.ready.unwrap_or_default();
        Self {
            name: pod.name,
            role: pod.role,
            health: if ready { Health::Ready } else { Health::Progressing },
            state: if ready {
                "Ready".to_owned()
            } else {
                pod.phase.unwrap_or_default()
            },
            message: pod.message,
            restarts: pod.restarts.unwrap_or_default(),
            ..Self::default()
        }
    }
}

/// State of a pod that has a scheduling gate.
pub(super) const GATED: &str = "Gated";
/// State of a pod that is to end.
const TERMINATING: &str = "Terminating";
/// State of a pod that ended well.
const COMPLETED: &str = "Completed";

/// What a look at a pod says.
struct Finding {
    health: Health,
    state: String,
    cause: Option<String>,
}

impl Finding {
    fn progressing(state: impl Into<String>, cause: Option<String>) -> Self {
        Self {
            health: Health::Progressing,
            state: state.into(),
            cause,
        }
    }

    fn stalled(state: impl Into<String>, cause: Option<String>) -> Self {
        Self {
            health: Health::Stalled,
            state: state.into(),
            cause,
        }
    }
}

/// The first thing that keeps a pod from serving, in the order in which a pod comes to life.
fn find(pod: &Pod, status: &PodStatus) -> Finding {
    if pod.metadata.deletion_timestamp.is_some() {
        return Finding::progressing(TERMINATING, None);
    }
    ended(status)
        .or_else(|| gated(pod))
        .or_else(|| unschedulable(status))
        .or_else(|| containers(status).find_map(container))
        .unwrap_or_else(|| ready_or_starting(status))
}

fn ended(status: &PodStatus) -> Option<Finding> {
    match status.phase.as_deref() {
        Some("Succeeded") => Some(Finding {
            health: Health::Ready,
            state: COMPLETED.to_owned(),
            cause: None,
        }),
        Some("Failed") => {
            let cause = containers(status)
                .filter_map(|container| container.state.as_ref()?.terminated.as_ref())
                .find(|end| end.exit_code != 0)
                .map(end_sentence);
            let state = status.reason.clone().unwrap_or_else(|| "Failed".to_owned());
            Some(Finding::stalled(state, cause.or_else(|| status.message.clone())))
        }
        _ => None,
    }
}

fn gated(pod: &Pod) -> Option<Finding> {
    let gates = pod.spec.as_ref()?.scheduling_gates.as_ref()?;
    let names: Vec<_> = gates.iter().map(|gate| gate.name.as_str()).collect();
    (!names.is_empty()).then(|| Finding::progressing(GATED, Some(format!("held by {}", names.join(", ")))))
}

fn unschedulable(status: &PodStatus) -> Option<Finding> {
    let condition = condition(status, "PodScheduled")?;
    let hopeless = condition.status == "False" && condition.reason.as_deref() == Some("Unschedulable");
    hopeless.then(|| Finding::progressing("Unschedulable", condition.message.clone()))
}

fn condition<'a>(status: &'a PodStatus, type_: &str) -> Option<&'a PodCondition> {
    status
        .conditions
        .as_ref()?
        .iter()
        .find(|condition| condition.type_ == type_)
}

/// Init containers first: the others wait for them and have no reason of their own.
fn containers(status: &PodStatus) -> impl Iterator<Item = &ContainerStatus> {
    let lists = [&status.init_container_statuses, &status.container_statuses];
    lists.into_iter().flatten().flatten()
}

fn container(container: &ContainerStatus) -> Option<Finding> {
    let waiting = container.state.as_ref()?.waiting.as_ref()?;
    let reason = waiting.reason.as_deref()?;
    // Words for "another container is not done yet", which say nothing.
    if matches!(reason, "PodInitializing" | "ContainerCreating") {
        return None;
    }
    // A container that fails again and again says more in its last words than Kubernetes does in its own.
    let last_words = last_end(container).map(end_sentence);
    let cause = if reason == "CrashLoopBackOff" {
        last_words
    } else {
        None
    };
    Some(Finding::stalled(
        reason,
        cause.or_else(|| waiting.message.clone()),
    ))
}

fn last_end(container: &ContainerStatus) -> Option<&ContainerStateTerminated> {
    let end =
        |state: &'_ Option<ContainerState>| state.as_ref().is_some_and(|state| state.terminated.is_some());
    let state = if end(&container.state) {
        &container.state
    } else {
        &container.last_state
    };
    state.as_ref()?.terminated.as_ref()
}

/// `ended with exit code 1: cause`, or `OOMKilled with exit code 137`.
fn end_sentence(end: &ContainerStateTerminated) -> String {
    let how = end
        .reason
        .as_deref()
        .filter(|reason| *reason != "Error")
        .unwrap_or("ended");
    let words = end
        .message
        .as_deref()
        .map(str::trim)
        .filter(|words| !words.is_empty());
    let words = words.map(|words| format!(": {words}")).unwrap_or_default();
    format!("{how} with exit code {}{words}", end.exit_code)
}

fn ready_or_starting(status: &PodStatus) -> Finding {
    if condition(status, "Ready").is_some_and(|condition| condition.status == "True") {
        return Finding {
            health: Health::Ready,
            state: "Ready".to_owned(),
            cause: None,
        };
    }
    let restarted = containers(status)
        .filter_map(last_end)
        .find(|end| end.exit_code != 0)
        .map(|end| format!("restarted: {}", end_sentence(end)));
    let state = if status.phase.as_deref() == Some("Running") {
        "Starting"
    } else {
        "Pending"
    };
    Finding::progressing(state, restarted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn pod(value: &Value) -> PodView {
        let pod: Pod = serde_json::from_value(value.clone()).expect("pod");
        PodView::new(&pod, None)
    }

    fn waiting(reason: &str, last: &Value) -> Value {
        json!({"status": {"phase": "Running", "containerStatuses": [{
            "name": "mendix", "image": "i", "imageID": "", "ready": false, "restartCount": 4,
            "state": {"waiting": {"reason": reason, "message": "Kubernetes' words"}},
            "lastState": last,
        }]}})
    }

    #[rstest]
    #[case::ready(
        &json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}),
        (Health::Ready, "Ready", None)
    )]
    #[case::gated(
        &json!({"spec": {"containers": [], "schedulingGates": [{"name": "kubectl-mendix.io/gate"}]}}),
        (Health::Progressing, "Gated", Some("held by kubectl-mendix.io/gate"))
    )]
    #[case::no_node(
        &json!({"status": {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: no memory"},
        ]}}),
        (Health::Progressing, "Unschedulable", Some("0/1 nodes: no memory"))
    )]
    #[case::no_image(
        &waiting("ImagePullBackOff", &json!({})),
        (Health::Stalled, "ImagePullBackOff", Some("Kubernetes' words"))
    )]
    #[case::crashing(
        &waiting("CrashLoopBackOff", &json!({"terminated": {"exitCode": 1, "reason": "Error", "message": "no licence\n"}})),
        (Health::Stalled, "CrashLoopBackOff", Some("ended with exit code 1: no licence"))
    )]
    #[case::out_of_memory(
        &waiting("CrashLoopBackOff", &json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}})),
        (Health::Stalled, "CrashLoopBackOff", Some("OOMKilled with exit code 137"))
    )]
    #[case::starting(
        &json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}}),
        (Health::Progressing, "Starting", None)
    )]
    #[case::being_created(
        &waiting("ContainerCreating", &json!({})),
        (Health::Progressing, "Starting", None)
    )]
    #[case::evicted(
        &json!({"status": {"phase": "Failed", "reason": "Evicted", "message": "low on memory"}}),
        (Health::Stalled, "Evicted", Some("low on memory"))
    )]
    #[case::failed_task(
        &json!({"status": {"phase": "Failed", "containerStatuses": [{
            "name": "task", "image": "i", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"terminated": {"exitCode": 1, "message": "wrong password"}},
        }]}}),
        (Health::Stalled, "Failed", Some("ended with exit code 1: wrong password"))
    )]
    #[case::going(
        &json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"phase": "Running"}}),
        (Health::Progressing, "Terminating", None)
    )]
    fn a_pod_says_what_keeps_it(#[case] value: &Value, #[case] expected: (Health, &str, Option<&str>)) {
        let view = pod(value);
        assert_eq!(
            (view.health, view.state.as_str(), view.message.as_deref()),
            expected
        );
    }

    #[test]
    fn a_restarted_container_says_how_the_last_one_ended() {
        let mut value = waiting(
            "x",
            &json!({"terminated": {"exitCode": 3, "message": "database away"}}),
        );
        value["status"]["containerStatuses"][0]["state"] = json!({"running": {}});
        value["status"]["initContainerStatuses"] = json!([{
            "name": "guard", "image": "i", "imageID": "", "ready": true, "restartCount": 0,
            "state": {"terminated": {"exitCode": 0}},
        }]);
        let view = pod(&value);
        assert_eq!(
            view.message.as_deref(),
            Some("restarted: ended with exit code 3: database away")
        );
        assert_eq!(view.restarts, 4);
    }

    #[test]
    fn the_controller_knows_more_than_the_pod() {
        let pod = serde_json::from_value(waiting("ImagePullBackOff", &json!({}))).expect("pod");
        let view = PodView::new(&pod, Some("constant Orders.Endpoint has no value".to_owned()));
        assert_eq!(
            view.message.as_deref(),
            Some("constant Orders.Endpoint has no value")
        );
    }
}
