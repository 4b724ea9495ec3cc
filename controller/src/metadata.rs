//! Metadata of the objects that we make.

use jiff::Timestamp;
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

/// Controllers that write finalizers and annotations, and want nothing of their own.
const SERVANTS: [&str; 2] = [names::FIELD_MANAGER, "kube-controller-manager"];

/// Field manager that changed an object last, its status apart, and when: `helm`, `kubectl-mendix`. Kubernetes keeps no
/// other name of whoever it was.
pub(crate) fn author<K: Resource>(object: &K) -> Option<(Timestamp, String)> {
    let entries = object.meta().managed_fields.iter().flatten();
    let wanting = entries.filter(|entry| entry.subresource.as_deref().is_none_or(|it| it == "scale"));
    wanting
        .filter_map(|entry| Some((entry.time.as_ref()?.0, entry.manager.clone()?)))
        .filter(|(_, manager)| !SERVANTS.contains(&manager.as_str()))
        .max_by_key(|(time, _)| *time)
}

/// Whether an object is on its way out.
pub(crate) fn is_leaving<K: Resource>(object: &K) -> bool {
    object.meta().deletion_timestamp.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ConfigMap;
    use serde_json::json;

    #[test]
    fn whoever_changed_an_object_last_is_its_author() {
        let entry = |manager: &str, second: u32, subresource: Option<&str>| {
            json!({
                "manager": manager, "operation": "Apply", "subresource": subresource,
                "time": format!("2026-01-01T00:00:{second:02}Z"),
            })
        };
        let fields = [
            entry("helm", 1, None),
            entry("argocd-controller", 2, None),
            entry("argocd-controller", 3, Some("status")),
            entry("kube-controller-manager", 4, None),
        ];
        let object: ConfigMap =
            serde_json::from_value(json!({ "metadata": { "managedFields": fields } })).expect("an object");
        assert_eq!(author(&object).expect("an author").1, "argocd-controller");
        assert_eq!(author(&ConfigMap::default()), None);
    }
}
