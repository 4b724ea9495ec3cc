//! Decides what happens to a build. Pure.

use super::input::{Input, input};
use super::observe::Observed;
use super::pod;
use crate::apply::controller_of;
use crate::metadata::{is_leaving, namespace};
use crate::pod_state::{TaskState, task_state};
use crate::report::Report;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use mendix_model::conditions::Progress;
use mendix_model::crd::storage::TaskPhase;
use mendix_model::crd::{Build, BuildStatus};
use mendix_model::names;
use mendix_model::task::BuildResult;

/// What is written, and what is reported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// A pod of another input, or one whose result is recorded.
    pub(crate) delete: Option<Pod>,
    pub(crate) create: Option<Pod>,
    pub(crate) report: Report<BuildStatus>,
}

pub(crate) fn plan(build: &Build, observed: &Observed, now: Timestamp) -> Plan {
    if is_leaving(build) {
        return only(working(build, "Deleting", "being deleted".to_owned(), None));
    }
    let input = match input(build, &namespace(build), &observed.configuration) {
        Ok(input) => input,
        Err(problem) => return only(stalled(build, "ConfigurationMissing", problem, None)),
    };
    let hash = input.hash();
    let status = build.status.as_ref();
    if status.is_some_and(|status| status.built_input.as_ref() == Some(&hash) && status.image.is_some()) {
        // The result is recorded, so the pod is of no more use, whatever it was made from.
        return Plan {
            delete: observed.pod.clone(),
            ..only(ready(build.status.clone().unwrap_or_default()))
        };
    }
    match &observed.pod {
        None => without_pod(build, &input, &hash, observed, now),
        Some(pod) => with_pod(build, &hash, pod),
    }
}

fn without_pod(build: &Build, input: &Input, hash: &str, observed: &Observed, now: Timestamp) -> Plan {
    match pod::pod(build, input, hash, observed, now) {
        Err(problem) => only(stalled(build, "ConfigurationInvalid", problem, None)),
        Ok(pod) => Plan {
            create: Some(pod),
            ..only(working(
                build,
                "Building",
                format!("made pod {}", build.name_any()),
                Some(build.name_any()),
            ))
        },
    }
}

fn with_pod(build: &Build, hash: &str, pod: &Pod) -> Plan {
    let name = pod.name_any();
    let own =
        controller_of(&pod.metadata).is_some_and(|owner| Some(&owner.uid) == build.metadata.uid.as_ref());
    let same = pod
        .annotations()
        .get(names::INPUT_ANNOTATION)
        .is_some_and(|input| input == hash);
    if !own || !same || is_leaving(pod) {
        return Plan {
            delete: Some(pod.clone()),
            ..only(working(
                build,
                "Building",
                format!("waiting for an earlier pod {name} to be gone"),
                None,
            ))
        };
    }
    only(match task_state(pod) {
        TaskState::Running(None) => working(build, "Building", format!("pod {name} is at work"), Some(name)),
        TaskState::Running(Some(cause)) => working(
            build,
            "Building",
            format!("pod {name} waits: {cause}"),
            Some(name),
        ),
        TaskState::Failed(cause) => failed(build, &name, &cause),
        TaskState::Succeeded(message) => match serde_json::from_str(&message) {
            Ok(result) => ready(recorded(build, result, hash)),
            Err(_) => failed(
                build,
                &name,
                "the build ended well without saying which image it made",
            ),
        },
    })
}

/// The result of a build as status. Written before the pod is deleted, which is the other record of it.
fn recorded(build: &Build, result: BuildResult, hash: &str) -> BuildStatus {
    BuildStatus {
        built_input: Some(hash.to_owned()),
        image: Some(result.image),
        model: Some(result.model),
        command: Some(result.command),
        runtime_version: result.runtime_version,
        model_version: result.model_version,
        ..build.status.clone().unwrap_or_default()
    }
}

const fn only(report: Report<BuildStatus>) -> Plan {
    Plan {
        delete: None,
        create: None,
        report,
    }
}

fn ready(status: BuildStatus) -> Report<BuildStatus> {
    Report {
        status: BuildStatus {
            phase: Some(TaskPhase::Ready),
            task_pod: None,
            ..status
        },
        progress: Progress::Ready,
        facts: Vec::new(),
        requeue: None,
    }
}

fn report(build: &Build, phase: TaskPhase, progress: Progress, pod: Option<String>) -> Report<BuildStatus> {
    // Image and model stay those of the last success: what runs, runs on.
    Report {
        status: BuildStatus {
            phase: Some(phase),
            task_pod: pod,
            ..build.status.clone().unwrap_or_default()
        },
        progress,
        facts: Vec::new(),
        requeue: None,
    }
}

fn working(build: &Build, reason: &'static str, message: String, pod: Option<String>) -> Report<BuildStatus> {
    let phase = if pod.is_some() {
        TaskPhase::Running
    } else {
        TaskPhase::Pending
    };
    report(build, phase, Progress::working(reason, message), pod)
}

fn stalled(build: &Build, reason: &'static str, message: String, pod: Option<String>) -> Report<BuildStatus> {
    report(build, TaskPhase::Failed, Progress::stalled(reason, message), pod)
}

fn failed(build: &Build, pod: &str, cause: &str) -> Report<BuildStatus> {
    let namespace = namespace(build);
    let message = format!(
        "failed to build: {cause}; correct it, or to try again: kubectl delete pod {pod} -n {namespace}"
    );
    stalled(build, "BuildFailed", message, Some(pod.to_owned()))
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
