//! Pods that may run on the database of an environment although none of our labels says so: those that its workloads
//! made before they were labelled, and others that name the same database. Pure.

use super::judge::claim;
use super::read::Plain;
use super::sources::Sources;
use super::workload::Workloads;
use crate::apply::controller_of;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use mendix_model::crd::claim::Owner;
use mendix_model::manifest::of_app;
use mendix_model::names;

/// The strangers among the pods of a namespace that have no label of an environment. `named` is the claim of the
/// environment's database.
pub(crate) fn strangers(unlabelled: Vec<Pod>, plain: &Plain, owner: &Owner, named: Option<&str>) -> Vec<Pod> {
    let found = unlabelled.into_iter().filter(|pod| {
        is_copy(pod, owner)
            || is_made_by(pod, &plain.workloads)
            || names_database(pod, &plain.sources, owner, named)
    });
    found.collect()
}

/// The annotation is written at birth to every pod that bears a mark of the environment.
fn is_copy(pod: &Pod, owner: &Owner) -> bool {
    pod.annotations().get(names::ENVIRONMENT_LABEL) == Some(&owner.environment)
}

/// Of any template, also an earlier one.
fn is_made_by(pod: &Pod, workloads: &Workloads) -> bool {
    let Some(maker) = controller_of(&pod.metadata) else {
        return false;
    };
    let of_set = workloads
        .stateful_sets
        .iter()
        .any(|set| set.uid().as_ref() == Some(&maker.uid));
    let replica_set = workloads
        .replica_sets
        .iter()
        .find(|set| set.uid().as_ref() == Some(&maker.uid));
    let deployment = replica_set.and_then(|set| controller_of(&set.metadata));
    let of_deployment = deployment.is_some_and(|owner| {
        let mut all = workloads.deployments.iter();
        all.any(|deployment| deployment.uid().as_ref() == Some(&owner.uid))
    });
    of_set || of_deployment
}

/// By what is known: a Secret that no workload of the environment names is not read for this.
fn names_database(pod: &Pod, sources: &Sources, owner: &Owner, named: Option<&str>) -> bool {
    if sources.refused {
        return false;
    }
    let Some(spec) = &pod.spec else { return false };
    let container = of_app(Some(pod.annotations()), spec);
    container
        .is_ok_and(|container| claim(container, sources, owner).ok().as_deref() == named && named.is_some())
}
