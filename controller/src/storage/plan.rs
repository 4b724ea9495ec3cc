//! Decides what happens to a store. Pure.

use super::deprovision;
use super::observe::Observed;
use super::pod;
use crate::metadata::{is_leaving, namespace};
use crate::pod_state::{TaskState, task_state};
use crate::report::Report;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ObjectMeta;
use kube::{Resource, ResourceExt};
use mendix_model::conditions::Progress;
use mendix_model::crd::storage::{PlanType, TaskPhase};
use mendix_model::crd::{StorageInstance, StorageInstanceStatus, StoragePlan};
use mendix_model::names;

/// What is written, in this order, and what is reported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// Put our finalizer on before anything is made.
    pub(crate) add_finalizer: bool,
    /// Make a task pod.
    pub(crate) create: Option<Pod>,
    /// Delete the instance's Secret, exactly this one.
    pub(crate) delete_secret: Option<ObjectMeta>,
    /// Delete task pods that have done their work.
    pub(crate) delete_pods: Vec<Pod>,
    /// Take our finalizer off: the store is gone.
    pub(crate) remove_finalizer: bool,
    pub(crate) report: Report<StorageInstanceStatus>,
}

impl Plan {
    /// Nothing is written.
    pub(crate) const fn only(report: Report<StorageInstanceStatus>) -> Self {
        Self {
            add_finalizer: false,
            create: None,
            delete_secret: None,
            delete_pods: Vec::new(),
            remove_finalizer: false,
            report,
        }
    }
}

pub(crate) fn plan(instance: &StorageInstance, observed: &Observed) -> Plan {
    if is_leaving(instance) {
        return deprovision::plan(instance, observed);
    }
    let status = instance.status.clone().unwrap_or_default();
    // The name of the Secret in the status is the record that the store was made. It is never taken back, so that
    // nothing is ever provisioned over data.
    if status.secret_name.is_some() {
        return made(instance, observed);
    }
    match &observed.pod {
        Some(pod) => with_pod(instance, observed, pod),
        // Provisioners make the Secret last, so one without a pod means a store that was restored with it.
        None if is_own_secret(instance, observed.secret.as_ref()) => made(instance, observed),
        None => without_pod(instance, observed),
    }
}

/// The store was made: only its Secret can get lost.
fn made(instance: &StorageInstance, observed: &Observed) -> Plan {
    let name = instance.name_any();
    if observed.secret.is_none() {
        let message = format!(
            "Secret {name} with the credentials of the {} is gone; nothing is provisioned anew, since there is data \
             behind it: restore the Secret, or delete StorageInstance {name} to give the data up",
            instance.spec.purpose.as_str()
        );
        return Plan::only(report(
            instance,
            TaskPhase::Failed,
            Progress::stalled("SecretLost", message),
        ));
    }
    let recorded = instance
        .status
        .as_ref()
        .is_some_and(|status| status.secret_name.is_some());
    let finished = |pod: &&Pod| matches!(task_state(pod), TaskState::Succeeded(_));
    Plan {
        add_finalizer: !has_finalizer(instance),
        // Only once the record is written: until then the pod is the only sign of success besides the Secret.
        delete_pods: observed
            .pod
            .iter()
            .filter(|_| recorded)
            .filter(finished)
            .cloned()
            .collect(),
        ..Plan::only(report(instance, TaskPhase::Ready, Progress::Ready))
    }
}

fn with_pod(instance: &StorageInstance, observed: &Observed, pod: &Pod) -> Plan {
    let name = pod.name_any();
    if !is_own(instance, pod) || is_leaving(pod) {
        let progress = Progress::working(
            "PodLeaving",
            format!("waiting for an earlier pod {name} to be gone"),
        );
        return Plan::only(report(instance, TaskPhase::Pending, progress));
    }
    let (phase, progress) = match task_state(pod) {
        TaskState::Succeeded(_) if is_own_secret(instance, observed.secret.as_ref()) => {
            return made(instance, observed);
        }
        TaskState::Running(None) => (
            TaskPhase::Running,
            Progress::working("Provisioning", format!("pod {name} is at work")),
        ),
        TaskState::Running(Some(cause)) => (
            TaskPhase::Running,
            Progress::working("Provisioning", format!("pod {name} waits: {cause}")),
        ),
        TaskState::Failed(cause) => (TaskPhase::Failed, failed(instance, &name, &cause)),
        TaskState::Succeeded(_) => (TaskPhase::Failed, without_secret(instance, observed, &name)),
    };
    Plan::only(report(instance, phase, progress))
}

fn failed(instance: &StorageInstance, pod: &str, cause: &str) -> Progress {
    let (purpose, namespace) = (instance.spec.purpose.as_str(), namespace(instance));
    Progress::stalled(
        "ProvisioningFailed",
        format!(
            "failed to provision the {purpose}: {cause}; to try again: kubectl delete pod {pod} -n {namespace}"
        ),
    )
}

fn without_secret(instance: &StorageInstance, observed: &Observed, pod: &str) -> Progress {
    let name = instance.name_any();
    let problem = match &observed.secret {
        None => format!("pod {pod} ended well without making Secret {name}"),
        Some(_) => format!(
            "Secret {name} does not bear the label {}={name}",
            names::STORAGE_INSTANCE_LABEL
        ),
    };
    failed(instance, pod, &format!("{problem}, which a provisioner must"))
}

fn without_pod(instance: &StorageInstance, observed: &Observed) -> Plan {
    let checked = check(instance, observed).and_then(|plan| {
        pod::provision(instance, plan, observed).map_err(|problem| Progress::stalled("PlanInvalid", problem))
    });
    match checked {
        Err(progress) => Plan::only(report(instance, TaskPhase::Pending, progress)),
        Ok(pod) => {
            let message = format!("made pod {}", pod.name_any());
            Plan {
                // The finalizer before the pod: whatever a pod has made is taken down again.
                add_finalizer: !has_finalizer(instance),
                create: Some(pod),
                ..Plan::only(report(
                    instance,
                    TaskPhase::Running,
                    Progress::working("Provisioning", message),
                ))
            }
        }
    }
}

fn check<'a>(instance: &StorageInstance, observed: &'a Observed) -> Result<&'a StoragePlan, Progress> {
    let (name, namespace, purpose) = (
        &instance.spec.plan_name,
        namespace(instance),
        instance.spec.purpose,
    );
    if observed.secret.is_some() {
        let secret = instance.name_any();
        let message = format!(
            "Secret {secret} exists and is not of this store: delete it, or choose another name for the app"
        );
        return Err(Progress::stalled("SecretExists", message));
    }
    let Some(plan) = &observed.plan else {
        let field = field_of(instance);
        let message = format!(
            "storage plan {name} does not exist in namespace {namespace}: create it or change {field}"
        );
        return Err(Progress::stalled("PlanMissing", message));
    };
    if plan.spec.purpose.is_some_and(|its| its != purpose) {
        let (field, purpose) = (field_of(instance), purpose.as_str());
        let message = format!("storage plan {name} is not for a {purpose}: name another plan in {field}");
        return Err(Progress::stalled("PlanPurpose", message));
    }
    match other_user(instance, plan, observed) {
        Some(other) => Err(Progress::stalled(
            "PlanInUse",
            format!(
                "storage plan {name} is dedicated and already serves {other}: name another plan in {}",
                field_of(instance)
            ),
        )),
        None => Ok(plan),
    }
}

const fn field_of(instance: &StorageInstance) -> &'static str {
    match instance.spec.purpose {
        mendix_model::crd::storage::Purpose::Database => "spec.database.servicePlan",
        mendix_model::crd::storage::Purpose::File => "spec.storage.servicePlan",
    }
}

/// Another instance of a plan that serves one. The oldest has it, so that two do not hold each other up.
fn other_user(instance: &StorageInstance, plan: &StoragePlan, observed: &Observed) -> Option<String> {
    if plan.spec.type_ != Some(PlanType::Dedicated) {
        return None;
    }
    let age = |it: &StorageInstance| {
        let provisioned = it
            .finalizers()
            .iter()
            .any(|finalizer| finalizer == names::STORAGE_FINALIZER);
        (
            !provisioned,
            it.meta().creation_timestamp.clone().map(|time| time.0),
            it.uid(),
        )
    };
    observed
        .instances
        .iter()
        .filter(|other| other.spec.plan_name == instance.spec.plan_name && other.uid() != instance.uid())
        .find(|other| age(other) < age(instance))
        .map(|other| format!("StorageInstance {}", other.name_any()))
}

fn is_own(instance: &StorageInstance, pod: &Pod) -> bool {
    pod.owner_references()
        .iter()
        .any(|owner| Some(&owner.uid) == instance.meta().uid.as_ref())
}

/// Whether the Secret of the instance's name was made for it; so a restored instance finds its store again.
pub(super) fn is_own_secret(instance: &StorageInstance, secret: Option<&ObjectMeta>) -> bool {
    let labels = secret.and_then(|secret| secret.labels.as_ref());
    labels.and_then(|labels| labels.get(names::STORAGE_INSTANCE_LABEL)) == instance.meta().name.as_ref()
}

pub(super) fn has_finalizer(instance: &StorageInstance) -> bool {
    instance
        .finalizers()
        .iter()
        .any(|finalizer| finalizer == names::STORAGE_FINALIZER)
}

/// A report; the record of the Secret stays once it is there.
pub(super) fn report(
    instance: &StorageInstance,
    phase: TaskPhase,
    progress: Progress,
) -> Report<StorageInstanceStatus> {
    let name = instance.name_any();
    let old = instance.status.clone().unwrap_or_default();
    let pod = match phase {
        TaskPhase::Deprovisioning => Some(names::deprovision_pod(&name)),
        TaskPhase::Running => Some(name.clone()),
        TaskPhase::Failed if old.secret_name.is_none() => Some(name.clone()),
        _ => None,
    };
    Report {
        status: StorageInstanceStatus {
            phase: Some(phase),
            secret_name: if phase == TaskPhase::Ready {
                Some(name)
            } else {
                old.secret_name.clone()
            },
            task_pod: pod,
            ..old
        },
        progress,
        facts: Vec::new(),
        requeue: None,
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
pub(crate) mod tests;
