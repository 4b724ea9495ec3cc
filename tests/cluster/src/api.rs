//! What starting a cluster asks of its API server.

use anyhow::{Context as _, Result, anyhow};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        core::v1::{Node, ServiceAccount},
        rbac::v1::{ClusterRole, ClusterRoleBinding},
        storage::v1::CSINode,
    },
};
use kube::{
    Api, Client, Config, Resource,
    api::{ListParams, Patch, PatchParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Debug, path::Path};

const FIELD_MANAGER: &str = "mendix-test-cluster";

/// A client of the cluster that the kubeconfig names.
///
/// # Errors
/// When the file cannot be read or used.
pub(crate) async fn client(kubeconfig: &Path) -> Result<Client> {
    let failed = || format!("failed to use {}", kubeconfig.display());
    // An error says that the process has chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let file = Kubeconfig::read_from(kubeconfig).with_context(failed)?;
    let own_proxy = names_a_proxy(&file);
    let mut config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
        .await
        .with_context(failed)?;
    if !own_proxy {
        // Taken from HTTPS_PROXY, which is for the outside: no proxy reaches a cluster on this machine.
        config.proxy_url = None;
    }
    Client::try_from(config).with_context(failed)
}

/// Runs a future to its end, also where the caller is in a runtime of its own already.
pub(crate) fn block_on<Output: Send>(future: impl Future<Output = Result<Output>> + Send) -> Result<Output> {
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.context("failed to start a runtime")?.block_on(future)
    };
    std::thread::scope(|scope| scope.spawn(work).join())
        .map_err(|_| anyhow!("failed to ask the API server: the asking thread panicked"))?
}

/// Whether the API server says that it is ready.
pub(crate) async fn is_ready(kubeconfig: &Path) -> Result<bool> {
    let request = kube::core::Request::new("/readyz")
        .list(&ListParams::default())
        .context("failed to make a request")?;
    Ok(client(kubeconfig).await?.request_text(request).await.is_ok())
}

/// Names of the nodes that are Ready.
pub(crate) async fn ready_nodes(kubeconfig: &Path) -> Result<Vec<String>> {
    let nodes: Api<Node> = Api::all(client(kubeconfig).await?);
    let list = nodes
        .list(&ListParams::default())
        .await
        .context("failed to list nodes")?;
    Ok(list
        .items
        .into_iter()
        .filter(node_is_ready)
        .filter_map(|node| node.metadata.name)
        .collect())
}

/// Whether pods can be made in namespace `default`: they need its service account.
pub(crate) async fn has_service_account(kubeconfig: &Path) -> Result<bool> {
    let accounts: Api<ServiceAccount> = namespaced(client(kubeconfig).await?);
    let found = accounts
        .get_opt("default")
        .await
        .context("failed to get service account default")?;
    Ok(found.is_some())
}

/// Whether the kubelet of a node has told that it can mount with a driver.
pub(crate) async fn has_driver(kubeconfig: &Path, node: &str, driver: &str) -> Result<bool> {
    let nodes: Api<CSINode> = Api::all(client(kubeconfig).await?);
    let found = nodes
        .get_opt(node)
        .await
        .context("failed to get the drivers of a node")?;
    let mut drivers = found.into_iter().flat_map(|node| node.spec.drivers);
    Ok(drivers.any(|known| known.name == driver))
}

/// Gives a user its rights.
pub(crate) async fn grant(kubeconfig: &Path, rights: (ClusterRole, ClusterRoleBinding)) -> Result<()> {
    let client = client(kubeconfig).await?;
    apply(&Api::all(client.clone()), &rights.0).await?;
    apply(&Api::all(client), &rights.1).await
}

/// Makes an object, or makes it what it should be.
pub(crate) async fn apply<Kind>(api: &Api<Kind>, object: &Kind) -> Result<()>
where
    Kind: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Serialize,
{
    let name = object.meta().name.as_deref().unwrap_or_default();
    api.patch(name, &PatchParams::apply(FIELD_MANAGER), &Patch::Apply(object))
        .await
        .map(|_| ())
        .with_context(|| format!("failed to apply {} {name}", Kind::kind(&())))
}

fn namespaced<Kind>(client: Client) -> Api<Kind>
where
    Kind: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    Api::namespaced(client, "default")
}

fn names_a_proxy(file: &Kubeconfig) -> bool {
    let clusters = file.clusters.iter().filter_map(|named| named.cluster.as_ref());
    clusters.into_iter().any(|cluster| cluster.proxy_url.is_some())
}

fn node_is_ready(node: &Node) -> bool {
    let conditions = node
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    conditions
        .into_iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(ready: &str) -> Node {
        let object = serde_json::json!({ "status": { "conditions": [
            { "type": "DiskPressure", "status": "True" },
            { "type": "Ready", "status": ready },
        ]}});
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn a_node_is_ready_by_its_condition() {
        assert!(node_is_ready(&node("True")));
        assert!(!node_is_ready(&node("Unknown")));
        assert!(!node_is_ready(&Node::default()));
    }

    #[test]
    fn only_a_kubeconfigs_own_proxy_is_used() {
        let file = |text: &str| Kubeconfig::from_yaml(text).unwrap();
        assert!(names_a_proxy(&file(
            "clusters: [{ name: c, cluster: { proxy-url: 'http://p:1' } }]"
        )));
        assert!(!names_a_proxy(&file(
            "clusters: [{ name: c, cluster: { server: 'https://s' } }]"
        )));
    }

    #[tokio::test]
    async fn a_future_can_be_waited_for_inside_of_a_runtime() {
        assert_eq!(block_on(async { Ok(7) }).unwrap(), 7);
    }
}
