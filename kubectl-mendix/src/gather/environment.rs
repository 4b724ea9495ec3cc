//! Reads environments: what the gate knows of apps, and all there is of plain manifests.

use super::{GatheredApps, Part, ReadError, is_missing, kept, listed, pods, pods_of};
use crate::cluster::Cluster;
use crate::failure::{Request, is_unknown_resource};
use crate::intent::ENVIRONMENTS;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::{Api, Resource};
use mendix_model::crd::Environment;
use mendix_model::names;
use std::collections::{BTreeMap, BTreeSet};

/// Nodes by name; nothing for one that is gone. One that may not be read is left out.
pub type Nodes = BTreeMap<String, Option<Node>>;

/// One environment with its pods.
#[derive(Clone, Debug)]
pub struct GatheredEnvironment {
    /// The environment.
    pub environment: Environment,
    /// Its pods, those that only pull an image too.
    pub pods: Part<Vec<Pod>>,
    /// Nodes of its pods, while any waits at the gate.
    pub nodes: Nodes,
    /// What could not be read, and why.
    pub problems: Vec<String>,
}

/// Whether it is an environment of plain manifests: those of apps are owned by what runs the app.
pub fn is_plain(environment: &Environment) -> bool {
    let owners = environment.meta().owner_references.iter().flatten();
    !owners.into_iter().any(|owner| owner.controller == Some(true))
}

/// Reads one environment and its pods. Only the environment itself is needed.
pub(super) async fn environment(
    cluster: &Cluster,
    name: &str,
) -> Result<Option<GatheredEnvironment>, ReadError> {
    let namespace = cluster.namespace.as_str();
    let request = Request {
        verb: "get",
        resource: ENVIRONMENTS,
        namespace: Some(namespace),
    };
    let api: Api<Environment> = Api::namespaced(cluster.client.clone(), namespace);
    let environment = match api.get(name).await {
        Ok(environment) => environment,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(ReadError::new(&error, &request)),
    };
    let mut problems = Vec::new();
    let pods = kept(pods(cluster, namespace, name).await, &mut problems);
    Ok(Some(GatheredEnvironment {
        nodes: nodes(cluster, Some(&environment), pods.found()).await,
        environment,
        pods,
        problems,
    }))
}

/// Nodes of the pods of an environment in which any pod waits: it may wait for one on a lost node. Who may not read
/// nodes only lacks that hint, so it is no problem to be told.
pub(super) async fn nodes(
    cluster: &Cluster,
    environment: Option<&Environment>,
    pods: Option<&Vec<Pod>>,
) -> Nodes {
    let status = environment.and_then(|environment| environment.status.as_ref());
    if status.and_then(|status| status.held.as_ref()).is_none() {
        return Nodes::new();
    }
    let names = pods.into_iter().flatten();
    let names: BTreeSet<_> = names
        .filter_map(|pod| pod.spec.as_ref()?.node_name.clone())
        .collect();
    let api: Api<Node> = Api::all(cluster.client.clone());
    let reads = names.into_iter().map(|name| async {
        let found = api.get_opt(&name).await.ok()?;
        Some((name, found))
    });
    let nodes = futures::future::join_all(reads).await;
    nodes.into_iter().flatten().collect()
}

/// Lists environments, and pods where they are needed to tell how an environment is.
///
/// # Errors
/// Asking again may help. Without the right or the definition there are only apps.
pub(super) async fn environments(
    cluster: &Cluster,
    namespace: Option<&str>,
) -> Result<GatheredApps, ReadError> {
    let listed = match listed::<Environment>(cluster, namespace).await {
        Ok(listed) => listed,
        Err(error) => {
            return Ok(GatheredApps {
                unlisted: vec![unlisted(&error, namespace)?],
                ..GatheredApps::default()
            });
        }
    };
    let mut unlisted = Vec::new();
    let pods = if listed.understood.iter().any(is_plain) {
        let pods = pods_of(cluster, namespace, names::ENVIRONMENT_LABEL).await;
        kept(pods.map(Some), &mut unlisted)
    } else {
        Part::Absent
    };
    Ok(GatheredApps {
        environments: listed.understood,
        pods,
        odd: listed.odd,
        unlisted,
        ..GatheredApps::default()
    })
}

fn unlisted(error: &kube::Error, namespace: Option<&str>) -> Result<String, ReadError> {
    if matches!(error, kube::Error::Api(status) if is_unknown_resource(status)) {
        return Ok(format!(
            "only apps are shown: definition {ENVIRONMENTS} is not installed in this cluster; upgrade the chart"
        ));
    }
    let request = Request {
        verb: "list",
        resource: ENVIRONMENTS,
        namespace,
    };
    let error = ReadError::new(error, &request);
    if error.transient {
        return Err(error);
    }
    Ok(format!("only apps are shown: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::nobody(json!([]), true)]
    #[case::an_app(json!([{"apiVersion": "v", "kind": "Runtime", "name": "shop", "uid": "u", "controller": true}]), false)]
    #[case::somebody_else(json!([{"apiVersion": "v", "kind": "Release", "name": "r", "uid": "u"}]), true)]
    fn environments_of_apps_have_an_owner(#[case] owners: Value, #[case] plain: bool) {
        let environment: Environment = serde_json::from_value(json!({
            "apiVersion": "guard.kubectl-mendix.io/v1alpha1", "kind": "Environment",
            "metadata": {"name": "shop", "ownerReferences": owners}, "spec": {},
        }))
        .expect("environment");
        assert_eq!(is_plain(&environment), plain);
    }
}
