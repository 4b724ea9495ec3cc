//! Decides how a store is taken down: pods of the app gone, then the task, then Secret, pod and finalizer. Pure.

use super::observe::Observed;
use super::plan::{Plan, has_finalizer, is_own_secret, report};
use super::pod;
use crate::metadata::namespace;
use crate::pod_state::{TaskState, task_state};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use mendix_model::conditions::Progress;
use mendix_model::crd::StorageInstance;
use mendix_model::crd::storage::TaskPhase;
use mendix_model::names;
use std::time::Duration;

/// Pods of the app do not wake this controller, so they are counted again after this time.
const RECOUNT: Duration = Duration::from_secs(2);

pub(crate) fn plan(instance: &StorageInstance, observed: &Observed) -> Plan {
    if !has_finalizer(instance) {
        let progress = Progress::working("Deleting", "waiting for other finalizers");
        return Plan::only(report(instance, TaskPhase::Deprovisioning, progress));
    }
    if let Some(message) = still_used(instance, observed) {
        let mut plan = waiting(instance, message);
        plan.report.requeue = Some(RECOUNT);
        return plan;
    }
    // A provisioner that still works would make again what is taken down.
    if let Some(pod) = &observed.pod {
        return Plan {
            delete_pods: vec![pod.clone()],
            ..waiting(instance, format!("waiting for pod {} to be gone", pod.name_any()))
        };
    }
    match &observed.deprovision_pod {
        Some(pod) if pod::is_deprovision_of(pod, instance) => with_pod(instance, observed, pod),
        // Left by an earlier instance of the name: its success says nothing of this store.
        Some(pod) => Plan {
            delete_pods: vec![pod.clone()],
            ..waiting(
                instance,
                format!("waiting for an earlier pod {} to be gone", pod.name_any()),
            )
        },
        None => without_pod(instance, observed),
    }
}

fn still_used(instance: &StorageInstance, observed: &Observed) -> Option<String> {
    let app = &instance.spec.environment;
    let growing = observed.deployments.iter().any(|deployment| {
        deployment
            .spec
            .as_ref()
            .and_then(|spec| spec.replicas)
            .unwrap_or(1)
            > 0
    });
    match observed.runtime_pods.len() {
        0 if !growing => None,
        0 => Some(format!(
            "waiting for the Deployments of {app} to be gone or stopped"
        )),
        count => Some(format!("waiting for {count} pods of {app} to be gone")),
    }
}

fn waiting(instance: &StorageInstance, message: String) -> Plan {
    Plan::only(report(
        instance,
        TaskPhase::Deprovisioning,
        Progress::working("Deprovisioning", message),
    ))
}

fn stalled(instance: &StorageInstance, message: &str) -> Plan {
    let (name, namespace) = (instance.name_any(), namespace(instance));
    let message = format!(
        "{message}; to leave the {} as it is: kubectl patch storageinstance {name} -n {namespace} --type=json \
         -p '[{{\"op\":\"remove\",\"path\":\"/metadata/finalizers\"}}]'",
        instance.spec.purpose.as_str()
    );
    Plan::only(report(
        instance,
        TaskPhase::Deprovisioning,
        Progress::stalled("DeprovisioningFailed", message),
    ))
}

fn with_pod(instance: &StorageInstance, observed: &Observed, pod: &Pod) -> Plan {
    let (name, namespace) = (pod.name_any(), namespace(instance));
    match task_state(pod) {
        TaskState::Running(cause) => {
            let detail = cause.map_or_else(|| "is at work".to_owned(), |cause| format!("waits: {cause}"));
            waiting(instance, format!("pod {name} {detail}"))
        }
        TaskState::Failed(cause) => {
            let retry = format!("to try again: kubectl delete pod {name} -n {namespace}");
            stalled(instance, &format!("failed to deprovision: {cause}; {retry}"))
        }
        // Secret, pod, finalizer: the finalizer goes last, so a crash before it runs the task again, on a store
        // that is gone. Provisioners must take that.
        TaskState::Succeeded(_) => Plan {
            delete_secret: observed
                .secret
                .clone()
                .filter(|secret| is_own_secret(instance, Some(secret))),
            delete_pods: vec![pod.clone()],
            remove_finalizer: true,
            ..waiting(instance, "deprovisioned".to_owned())
        },
    }
}

fn without_pod(instance: &StorageInstance, observed: &Observed) -> Plan {
    let Some(plan) = &observed.plan else {
        let (plan, namespace) = (&instance.spec.plan_name, namespace(instance));
        let message = format!(
            "storage plan {plan} does not exist in namespace {namespace}, so nothing can be taken down: create it"
        );
        return stalled(instance, &message);
    };
    match pod::deprovision(instance, plan, observed) {
        Ok(pod) => Plan {
            create: Some(pod),
            ..waiting(
                instance,
                format!("made pod {}", names::deprovision_pod(&instance.name_any())),
            )
        },
        Err(problem) => stalled(instance, &problem),
    }
}
