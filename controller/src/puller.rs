//! Pods that pull an image and run nothing of it. They pull with the rights of the app's own pods; we need none at any
//! registry. Pure.

use crate::pod_state::phase;
use crate::task_pod::{container_security, pod_security, requirements};
use crate::{hash, metadata, toleration};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Affinity, Container, Pod, PodSpec};
use kube::Resource;
use kube::api::ObjectMeta;
use mendix_model::defaults;
use mendix_model::names::{self, Component};
use serde_json::json;

/// Its container.
pub(crate) const CONTAINER: &str = "pull";
/// No image has this, so its container never starts; by then the kubelet has told the digest.
const NOTHING: &str = "/.kubectl-mendix/nothing";
/// A pod that has ended and told nothing makes room for the next one after so long.
const TRY_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// The pod that pulls an image where a pod of this spec may run; one for each `apart`.
pub(crate) fn pod<K>(owner: &K, environment: &str, image: &str, apart: &str, spec: &PodSpec) -> Pod
where
    K: Resource<DynamicType = ()>,
{
    let key = hash::of(&json!([image, apart]));
    let name = format!("{environment}-pull-{}", &key[..10]);
    of_spec(metadata::owned(owner, environment, name), image, spec)
}

fn of_spec(mut metadata: ObjectMeta, image: &str, spec: &PodSpec) -> Pod {
    let labels = metadata.labels.get_or_insert_default();
    labels.insert(
        names::COMPONENT_LABEL.to_owned(),
        Component::Puller.as_str().to_owned(),
    );
    let container = Container {
        name: CONTAINER.to_owned(),
        image: Some(image.to_owned()),
        // What the node has under a tag may be outdated.
        image_pull_policy: Some("Always".to_owned()),
        command: Some(vec![NOTHING.to_owned()]),
        resources: Some(requirements(&defaults::guard_install_resources())),
        security_context: Some(container_security(true)),
        ..Container::default()
    };
    Pod {
        metadata,
        spec: Some(PodSpec {
            containers: vec![container],
            restart_policy: Some("Never".to_owned()),
            image_pull_secrets: spec.image_pull_secrets.clone(),
            service_account_name: spec.service_account_name.clone(),
            automount_service_account_token: Some(false),
            enable_service_links: Some(false),
            node_selector: spec.node_selector.clone(),
            affinity: spec.affinity.clone().map(of_nodes),
            tolerations: toleration::of_others(spec.tolerations.as_ref()),
            runtime_class_name: spec.runtime_class_name.clone(),
            security_context: Some(pod_security()),
            ..PodSpec::default()
        }),
        status: None,
    }
}

/// What is said of nodes. What is said of other pods is about running beside them.
fn of_nodes(affinity: Affinity) -> Affinity {
    Affinity {
        node_affinity: affinity.node_affinity,
        ..Affinity::default()
    }
}

/// Evicted, or refused by its kubelet: its image may be there, and it will never say so.
pub(crate) fn told_nothing(pod: &Pod, now: Timestamp) -> bool {
    let made = pod.metadata.creation_timestamp.as_ref();
    let is_old = made.is_none_or(|made| now.duration_since(made.0) >= TRY_AGAIN);
    is_old && matches!(phase(pod), "Failed" | "Succeeded")
}
