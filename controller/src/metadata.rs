//! Metadata of the objects that we make.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::ObjectMeta;
use kube::{Resource, ResourceExt};
use mendix_model::names;
use std::collections::BTreeMap;

/// Name, namespace and labels of an object of an environment, owned by `owner`.
pub(crate) fn owned<O: Resource<DynamicType = ()>>(owner: &O, environment: &str, name: String) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: owner.namespace(),
        labels: Some(environment_labels(environment)),
        owner_references: reference(owner).map(|reference| vec![reference]),
        ..ObjectMeta::default()
    }
}

/// Our label and the official operator's, on everything but runtime pods.
pub(crate) fn environment_labels(environment: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        (names::ENVIRONMENT_LABEL.to_owned(), environment.to_owned()),
        (names::OFFICIAL_APP_LABEL.to_owned(), environment.to_owned()),
    ])
}

/// A foreground deletion of the owner waits for what it owns, so a store's finalizer holds its app too.
fn reference<O: Resource<DynamicType = ()>>(owner: &O) -> Option<OwnerReference> {
    Some(OwnerReference {
        block_owner_deletion: Some(true),
        ..owner.controller_owner_ref(&())?
    })
}

/// The namespace of an object; every object that was read has one.
pub(crate) fn namespace<K: Resource>(object: &K) -> String {
    object.namespace().unwrap_or_default()
}

/// Kind and name, for sentences.
pub(crate) fn what<K: Resource<DynamicType = ()>>(name: &str) -> String {
    format!("{} {name}", K::kind(&()))
}

/// Whether an object is on its way out.
pub(crate) fn is_leaving<K: Resource>(object: &K) -> bool {
    object.meta().deletion_timestamp.is_some()
}
