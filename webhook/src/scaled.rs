//! Reads the one thing that is not kept in memory: a `ReplicaSet` of its own whose number of pods somebody changes by
//! hand. Deployments make ten of each, so they are read when they are asked about.

use crate::admission::Request;
use k8s_openapi::api::apps::v1::ReplicaSet;
use kube::{Api, Client};
use mendix_model::manifest::Workload;

/// What a request for a scale is about; nothing where it is known already, or cannot be read: then the gate judges its
/// pods.
pub(crate) async fn read(client: Option<&Client>, request: &Request) -> Option<Workload> {
    let scale = request.sub_resource.as_deref() == Some("scale");
    if !scale || request.resource.resource != "replicasets" {
        return None;
    }
    let namespace = request.namespace.as_deref()?;
    let sets: Api<ReplicaSet> = Api::namespaced(client?.clone(), namespace);
    let set = serde_json::to_value(sets.get_opt(&request.name).await.ok()??).ok()?;
    Workload::read("apps", "ReplicaSet", namespace, &set).ok()?
}
