//! The Secret of a store. Pure.

use super::StoreTask;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::Resource as _;
use mendix_model::crd::storage::StorageInstance;
use mendix_model::task::secret_labels;
use std::collections::BTreeMap;

/// Keys and values of a Secret.
pub(super) type Keys = BTreeMap<String, String>;

/// The Secret of a task: owned by the storage instance, so that it goes when that goes.
pub(super) fn build(task: &StoreTask, keys: Keys) -> Secret {
    Secret {
        metadata: ObjectMeta {
            name: Some(task.secret_name.clone()),
            namespace: Some(task.namespace.clone()),
            labels: Some(secret_labels(&task.environment, &task.instance)),
            owner_references: Some(vec![owner(task)]),
            ..ObjectMeta::default()
        },
        type_: Some("Opaque".to_owned()),
        string_data: Some(keys),
        ..Secret::default()
    }
}

fn owner(task: &StoreTask) -> OwnerReference {
    OwnerReference {
        api_version: StorageInstance::api_version(&()).into_owned(),
        kind: StorageInstance::kind(&()).into_owned(),
        name: task.instance.clone(),
        uid: task.uid.clone(),
        controller: Some(true),
        // Blocking the owner's deletion would need a right on it that the task does not have.
        block_owner_deletion: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_model::crd::storage::Purpose;
    use serde_json::json;

    #[test]
    fn the_secret_is_labelled_and_owned() {
        let task = StoreTask {
            namespace: "team".to_owned(),
            environment: "shop".to_owned(),
            purpose: Purpose::Database,
            instance: "shop-database".to_owned(),
            uid: "1234".to_owned(),
            secret_name: "shop-database".to_owned(),
            admin_folder: "/a".into(),
            instance_folder: "/b".into(),
        };
        let secret = build(
            &task,
            [("database-type".to_owned(), "PostgreSQL".to_owned())].into(),
        );
        assert_eq!(
            serde_json::to_value(&secret).expect("json"),
            json!({
                "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
                "metadata": {
                    "name": "shop-database", "namespace": "team",
                    "labels": {"kubectl-mendix.io/environment": "shop",
                        "kubectl-mendix.io/storage-instance": "shop-database"},
                    "ownerReferences": [{"apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "StorageInstance",
                        "name": "shop-database", "uid": "1234", "controller": true}],
                },
                "stringData": {"database-type": "PostgreSQL"},
            })
        );
    }
}
