//! The task pods of a store. Pure.

use super::observe::Observed;
use crate::metadata;
use crate::task_pod::{MountedSecret, TaskPod, task_pod, variable};
use k8s_openapi::api::core::v1::{EnvVar, Pod};
use kube::ResourceExt;
use kube::api::ObjectMeta;
use mendix_model::crd::storage::Provisioner;
use mendix_model::crd::{StorageInstance, StoragePlan};
use mendix_model::names::{self, Component};
use mendix_model::task::{self, Action};
use mendix_model::{defaults, template};

/// The pod that makes a store; named like the instance.
pub(crate) fn provision(
    instance: &StorageInstance,
    plan: &StoragePlan,
    observed: &Observed,
) -> Result<Pod, String> {
    let metadata = labelled(
        instance,
        metadata::owned(instance, &instance.spec.environment, instance.name_any()),
    );
    pod(instance, plan, observed, Action::Provision, metadata)
}

/// The pod that takes a store down.
///
/// It has no owner: in a foreground deletion the garbage collector ends what its owner owns, and this pod must
/// outlive that. It is deleted by us before the finalizer is taken off.
pub(crate) fn deprovision(
    instance: &StorageInstance,
    plan: &StoragePlan,
    observed: &Observed,
) -> Result<Pod, String> {
    let name = names::deprovision_pod(&instance.name_any());
    let metadata = ObjectMeta {
        owner_references: None,
        ..metadata::owned(instance, &instance.spec.environment, name)
    };
    pod(
        instance,
        plan,
        observed,
        Action::Deprovision,
        labelled(instance, metadata),
    )
}

/// Whether a pod takes down this very instance.
pub(crate) fn is_deprovision_of(pod: &Pod, instance: &StorageInstance) -> bool {
    pod.annotations().get(names::INPUT_ANNOTATION) == instance.metadata.uid.as_ref()
}

fn labelled(instance: &StorageInstance, metadata: ObjectMeta) -> ObjectMeta {
    let mut labels = metadata.labels.clone().unwrap_or_default();
    labels.insert(names::STORAGE_INSTANCE_LABEL.to_owned(), instance.name_any());
    ObjectMeta {
        labels: Some(labels),
        ..metadata
    }
}

fn pod(
    instance: &StorageInstance,
    plan: &StoragePlan,
    observed: &Observed,
    action: Action,
    metadata: ObjectMeta,
) -> Result<Pod, String> {
    let name = plan.name_any();
    let provisioner = plan.spec.provisioner.clone();
    let provisioner = provisioner
        .ok_or_else(|| format!("storage plan {name} names no provisioner: set spec.provisioner"))?;
    let account = provisioner.service_account_name.clone();
    Ok(task_pod(TaskPod {
        metadata,
        component: Component::Provisioner,
        input: instance.uid().unwrap_or_default(),
        image: provisioner
            .image
            .clone()
            .unwrap_or_else(|| observed.image.clone()),
        command: provisioner.command.clone(),
        args: arguments(&provisioner, action).map_err(|error| format!("storage plan {name}: {error}"))?,
        env: variables(instance, &provisioner, action),
        service_account_name: account.unwrap_or_else(|| names::STORAGE_PROVISIONER_ACCOUNT.to_owned()),
        resources: defaults::merged(provisioner.resources.as_ref(), &defaults::provisioner_resources()),
        secrets: secrets(instance, &provisioner, action),
        extras: observed.extras.clone(),
    }))
}

fn arguments(
    provisioner: &Provisioner,
    action: Action,
) -> Result<Option<Vec<String>>, template::UnknownPlaceholder> {
    let Some(args) = &provisioner.args else {
        return Ok(None);
    };
    let filled: Result<Vec<_>, _> = args
        .iter()
        .map(|argument| template::fill(argument, &[(task::ACTION_PLACEHOLDER, action.as_str())]))
        .collect();
    filled.map(Some)
}

/// The contract's variables after the plan's own, so that a plan cannot redirect a task to another environment.
fn variables(instance: &StorageInstance, provisioner: &Provisioner, action: Action) -> Vec<EnvVar> {
    let ours = [
        (task::variable::ACTION, action.as_str().to_owned()),
        (task::variable::NAMESPACE, metadata::namespace(instance)),
        (task::variable::ENVIRONMENT, instance.spec.environment.clone()),
        (task::variable::PURPOSE, instance.spec.purpose.as_str().to_owned()),
        (task::variable::STORAGE_INSTANCE, instance.name_any()),
        (
            task::variable::STORAGE_INSTANCE_UID,
            instance.uid().unwrap_or_default(),
        ),
        (task::variable::SECRET_NAME, instance.name_any()),
    ];
    let theirs = provisioner.env.iter().flatten();
    theirs
        .filter(|variable| ours.iter().all(|(name, _)| *name != variable.name))
        .cloned()
        .chain(ours.iter().map(|(name, value)| variable(name, value)))
        .collect()
}

fn secrets(instance: &StorageInstance, provisioner: &Provisioner, action: Action) -> Vec<MountedSecret> {
    let admin = provisioner.admin_secret_name.iter().map(|name| MountedSecret {
        name: name.clone(),
        folder: task::ADMIN_FOLDER,
        item: None,
        optional: false,
    });
    // Optional: a provision that failed half-way left none.
    let own = (action == Action::Deprovision).then(|| MountedSecret {
        name: instance.name_any(),
        folder: task::INSTANCE_FOLDER,
        item: None,
        optional: true,
    });
    admin.chain(own).collect()
}

#[cfg(test)]
#[path = "pod_tests.rs"]
mod tests;
