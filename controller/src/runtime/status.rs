//! The status of a running app, from its Deployments and pods. Pure.

use super::guarded;
use super::observe::Observed;
use super::ways::ways;

use crate::guards;
use crate::metadata::is_leaving;
use crate::pod_state::{cause, containers, crashes, is_ready, label, phase};
use crate::report::Report;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use mendix_model::conditions::Progress;
use mendix_model::crd::common::LeaderSelection;
use mendix_model::crd::rollout::Wanted;
use mendix_model::crd::runtime::RuntimePod;
use mendix_model::crd::{Runtime, RuntimeStatus};
use mendix_model::names::{self, Role};
use mendix_model::rollout::order::{Inputs, Target, Targets};
use mendix_model::rollout::situation::{input, is_drained, is_observed, is_rolled_out, ready_replicas};
use mendix_model::rollout::strategy::is_rolling;

/// How far the app is towards the wanted Deployments.
pub(crate) fn progress(
    runtime: &Runtime,
    observed: &Observed,
    targets: &Targets,
    deployments: &[Deployment],
) -> Progress {
    if let Some(message) = exceeded(observed) {
        return Progress::stalled("ProgressDeadlineExceeded", told(runtime, observed, message));
    }
    if let Some(message) = crash_looping(observed, deployments) {
        return Progress::stalled("CrashLoop", told(runtime, observed, message));
    }
    for target in [&targets.leader, &targets.worker] {
        if let Target::Hold(reason) = target {
            return Progress::working("RollingOut", *reason);
        }
    }
    let (leaders, workers) = (observed.shares(runtime).0, workers(runtime, observed, targets));
    let settled = is_settled(observed.leader.as_ref(), Role::Leader, leaders, deployments)
        && is_settled(observed.worker.as_ref(), Role::Worker, workers, deployments);
    let pods = observed.pods.len();
    if runtime.spec.replicas == 0 && pods > 0 {
        return Progress::working("Stopping", format!("waiting for {pods} pods to end"));
    }
    if settled {
        return Progress::Ready;
    }
    Progress::working("Starting", unready(observed, leaders + workers))
}

/// Workers of an app that is in order. For as long as a node is drained, one that came because of it belongs to that.
fn workers(runtime: &Runtime, observed: &Observed, targets: &Targets) -> i32 {
    match targets.worker {
        Target::Scale(workers) if is_drained(observed.present()) => workers,
        _ => observed.shares(runtime).1,
    }
}

/// A Deployment is as it is wanted, and so are its pods.
fn is_settled(present: Option<&Deployment>, role: Role, replicas: i32, deployments: &[Deployment]) -> bool {
    let same_role = |it: &&Deployment| it.name_any().ends_with(role.node_type());
    let (Some(present), Some(wanted)) = (present, deployments.iter().find(same_role)) else {
        return false;
    };
    input(present) == input(wanted)
        && present.spec.as_ref().and_then(|spec| spec.replicas) == Some(replicas)
        && is_rolled_out(present)
        && present
            .status
            .as_ref()
            .and_then(|status| status.replicas)
            .unwrap_or(0)
            == replicas
        && ready_replicas(present) == replicas
}

/// What the first pod that is not ready says.
fn unready(observed: &Observed, wanted: i32) -> String {
    let waiting: Vec<&Pod> = observed.pods.iter().filter(|pod| !is_ready(pod)).collect();
    let said = waiting
        .iter()
        .find_map(|pod| Some(format!("pod {}: {}", pod.name_any(), why(observed, pod)?)));
    let ready = observed.pods.len() - waiting.len();
    said.unwrap_or_else(|| format!("{ready} of {wanted} pods are ready"))
}

/// The gate's reason says more than Kubernetes, which only knows that there is a gate. Of a process that runs and waits
/// only its guard knows why.
fn why(observed: &Observed, pod: &Pod) -> Option<String> {
    guarded::held(observed, &pod.name_any())
        .or_else(|| cause(pod))
        .or_else(|| guards::waits_for(pod, &observed.answers))
        .or_else(|| guards::synchronises(pod, &observed.answers))
}

/// A leader that brings the database to its model is not late, however long that takes: only the database knows.
fn exceeded(observed: &Observed) -> Option<String> {
    let synchronises = |pod: &Pod| guards::synchronises(pod, &observed.answers).is_some();
    if observed.pods.iter().any(synchronises) {
        return None;
    }
    let deployments = [&observed.leader, &observed.worker].into_iter().flatten();
    let late = deployments.filter(|deployment| {
        let conditions = deployment
            .status
            .as_ref()
            .and_then(|status| status.conditions.as_ref());
        let is_late = |it: &&k8s_openapi::api::apps::v1::DeploymentCondition| {
            it.type_ == "Progressing"
                && it.status == "False"
                && it.reason.as_deref() == Some("ProgressDeadlineExceeded")
        };
        conditions.into_iter().flatten().any(|it| is_late(&it)) && is_rolled_out(deployment)
    });
    let name = late.map(ResourceExt::name_any).next()?;
    Some(format!(
        "Deployment {name} made no progress: {}",
        unready(observed, 0)
    ))
}

/// Why a pod of what is wanted ends again and again. One of an earlier template is about to go: what it says is no longer
/// of interest, and whoever waits for what is wanted now would take it for the end.
fn crash_looping(observed: &Observed, deployments: &[Deployment]) -> Option<String> {
    let mut of_wanted = observed
        .pods
        .iter()
        .filter(|pod| pod.metadata.deletion_timestamp.is_none())
        .filter(|pod| is_in_place(observed, deployments, pod));
    of_wanted.find_map(|pod| Some(format!("pod {}: {}", pod.name_any(), crashes(pod)?)))
}

/// Whether the Deployment of a pod has the wanted template, and its controller has taken the pods of earlier ones away,
/// or does so one after the other.
fn is_in_place(observed: &Observed, deployments: &[Deployment], pod: &Pod) -> bool {
    let is_of = |role: &Role| label(pod, names::ROLE_LABEL) == Some(role.as_str());
    let role = [Role::Leader, Role::Worker].into_iter().find(is_of);
    let Some(present) = role.and_then(|role| observed.deployment(role)) else {
        return false;
    };
    let wanted = deployments.iter().find(|it| it.name_any() == present.name_any());
    let is_same = wanted.is_some_and(|wanted| input(wanted) == input(present));
    is_same && (is_rolled_out(present) || (is_rolling(present) && is_observed(present)))
}

/// What failed, and what to do: of a pod that waits at the gate its rule has said it.
fn told(runtime: &Runtime, observed: &Observed, failed: String) -> String {
    let is_held = |pod: &Pod| guarded::held(observed, &pod.name_any()).is_some();
    if observed.pods.iter().any(is_held) {
        return failed;
    }
    format!("{failed}; {}", ways(runtime, observed))
}

/// The report for `progress`.
pub(crate) fn report(
    runtime: &Runtime,
    observed: &Observed,
    inputs: &Inputs,
    progress: Progress,
) -> Report<RuntimeStatus> {
    let app = &runtime.spec.environment;
    let (leaders, workers) = observed.shares(runtime);
    let template = observed.leader.as_ref().or(observed.worker.as_ref());
    let template = template
        .and_then(|deployment| deployment.spec.as_ref())
        .map(|spec| &spec.template);
    let labels = template.and_then(|template| template.metadata.as_ref()?.labels.as_ref());
    let container = template.and_then(|template| template.spec.as_ref()?.containers.first());
    Report {
        status: RuntimeStatus {
            wanted: wanted(runtime, inputs),
            environment_generation: observed
                .environment
                .as_ref()
                .and_then(|it| it.metadata.generation),
            state: Some(state(runtime, observed, &progress).to_owned()),
            leader: Some(format!("{}/{leaders}", ready(observed, Role::Leader))),
            workers: Some(format!("{}/{workers}", ready(observed, Role::Worker))),
            replicas: Some(i32::try_from(observed.pods.len()).unwrap_or(i32::MAX)),
            selector: Some(names::selector_text(&names::selector(app, None))),
            image: container.and_then(|container| container.image.clone()),
            model: labels.and_then(|labels| labels.get(names::MODEL_LABEL).cloned()),
            pods: Some(pods(observed)),
            in_memory: observed.in_memory().then_some(true),
            ..runtime.status.clone().unwrap_or_default()
        },
        progress,
        facts: guards::fact(&observed.pods, &observed.answers)
            .into_iter()
            .collect(),
        requeue: None,
    }
}

/// Nothing while the app is stopped or deleted: then no rollout goes on.
fn wanted(runtime: &Runtime, inputs: &Inputs) -> Option<Wanted> {
    let spec = &runtime.spec;
    let settings = match spec.leader_selection.unwrap_or_default() {
        LeaderSelection::Assigned => &inputs.leader,
        LeaderSelection::None | LeaderSelection::Leaderless => &inputs.worker,
    };
    (spec.replicas > 0 && !is_leaving(runtime)).then(|| Wanted {
        model: spec.model.clone(),
        image: Some(spec.image.clone()),
        command: spec.command.clone(),
        settings: settings.clone(),
        by: runtime.annotations().get(names::REQUESTED_BY_ANNOTATION).cloned(),
    })
}

fn state(runtime: &Runtime, observed: &Observed, progress: &Progress) -> &'static str {
    match progress {
        Progress::Stalled { .. } => "Failed",
        _ if runtime.spec.replicas == 0 && observed.pods.is_empty() => "Stopped",
        _ if runtime.spec.replicas == 0 => "Stopping",
        Progress::Ready => "Started",
        Progress::Working { .. } => "Starting",
    }
}

fn ready(observed: &Observed, role: Role) -> usize {
    let of_role = |pod: &&Pod| label(pod, names::ROLE_LABEL) == Some(role.as_str());
    observed
        .pods
        .iter()
        .filter(of_role)
        .filter(|pod| is_ready(pod))
        .count()
}

fn pods(observed: &Observed) -> Vec<RuntimePod> {
    let mut all: Vec<_> = observed.pods.iter().map(|pod| of_pod(observed, pod)).collect();
    // A list comes in no promised order; an unchanged one must not look changed.
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

fn of_pod(observed: &Observed, pod: &Pod) -> RuntimePod {
    let container = containers(pod).find(|container| container.name == names::RUNTIME_CONTAINER);
    let waiting = container.and_then(|it| it.state.as_ref()?.waiting.as_ref()?.reason.clone());
    let ended = container.and_then(|it| it.last_state.as_ref()?.terminated.as_ref());
    let leaving = pod.metadata.deletion_timestamp.is_some();
    RuntimePod {
        name: pod.name_any(),
        role: label(pod, names::ROLE_LABEL).map(ToOwned::to_owned),
        phase: Some(if leaving {
            "Terminating".to_owned()
        } else {
            waiting.unwrap_or_else(|| phase(pod).to_owned())
        }),
        ready: Some(is_ready(pod)),
        restarts: container.map(|container| container.restart_count),
        message: why(observed, pod).filter(|_| !is_ready(pod)),
        exit_code: ended.map(|ended| ended.exit_code),
    }
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
