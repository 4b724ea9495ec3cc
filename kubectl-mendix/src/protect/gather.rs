//! Reads what runs in a namespace. Decides nothing.

use crate::cluster::Cluster;
use crate::failure::Request;
use crate::gather::ReadError;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::ListParams;
use kube::core::NamespaceResourceScope;
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// What runs in a namespace.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The namespace itself.
    pub namespace: Namespace,
    /// Its Deployments.
    pub deployments: Vec<Deployment>,
    /// Its `StatefulSets`.
    pub stateful_sets: Vec<StatefulSet>,
    /// Its `DaemonSets`.
    pub daemon_sets: Vec<DaemonSet>,
    /// Which pods belong to which Deployment.
    pub replica_sets: Vec<ReplicaSet>,
    /// Its pods.
    pub pods: Vec<Pod>,
}

/// Reads it all.
///
/// # Errors
/// A part cannot be read: what is missing might be what is on the same database, so nothing is judged without it.
pub async fn gather(cluster: &Cluster) -> Result<Gathered, ReadError> {
    let (namespace, deployments, stateful_sets, daemon_sets, replica_sets, pods) = futures::try_join!(
        namespace(cluster),
        list(cluster),
        list(cluster),
        list(cluster),
        list(cluster),
        list(cluster),
    )?;
    Ok(Gathered {
        namespace,
        deployments,
        stateful_sets,
        daemon_sets,
        replica_sets,
        pods,
    })
}

/// Reads the namespace.
///
/// # Errors
/// It does not exist or may not be read.
pub async fn namespace(cluster: &Cluster) -> Result<Namespace, ReadError> {
    let request = Request {
        verb: "get",
        resource: "namespaces",
        namespace: Some(&cluster.namespace),
    };
    let namespaces = Api::<Namespace>::all(cluster.client.clone());
    let found = namespaces.get(&cluster.namespace).await;
    found.map_err(|error| ReadError::new(&error, &request))
}

/// Lists all objects of a kind in the command's namespace.
///
/// # Errors
/// They cannot be listed.
pub async fn list<K>(cluster: &Cluster) -> Result<Vec<K>, ReadError>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let resource = match K::group(&()).as_ref() {
        "" => K::plural(&()).into_owned(),
        group => format!("{}.{group}", K::plural(&())),
    };
    let request = Request {
        verb: "list",
        resource: &resource,
        namespace: Some(&cluster.namespace),
    };
    let api = Api::<K>::namespaced(cluster.client.clone(), &cluster.namespace);
    let list = api.list(&ListParams::default()).await;
    list.map(|list| list.items)
        .map_err(|error| ReadError::new(&error, &request))
}
