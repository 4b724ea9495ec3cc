//! What runs in the cluster while it is tested.

use crate::LIMIT;
use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt as _, api::ListParams};
use mendix_test_cluster::{Cluster, Poll, wait_for};
use std::{collections::BTreeSet, process::Command};

/// A server on each node, a client on each node, and a service in front of the servers.
pub(crate) async fn deploy(cluster: &Cluster, namespace: &str) -> Result<()> {
    let image = cluster.test_image()?;
    let workload = |name: &str, arguments: &str| {
        format!(
            r#"
apiVersion: apps/v1
kind: DaemonSet
metadata: {{ name: {name} }}
spec:
  selector: {{ matchLabels: {{ app: {name} }} }}
  template:
    metadata: {{ labels: {{ app: {name} }} }}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{{ name: main, image: "{image}", args: {arguments} }}]
---"#
        )
    };
    let service = "
apiVersion: v1
kind: Service
metadata: { name: server }
spec: { selector: { app: server }, ports: [{ port: 80, targetPort: 8080 }] }
";
    let manifest = [
        workload("server", r#"["serve", ":8080"]"#),
        workload("client", "[]"),
        service.into(),
    ]
    .concat();
    cluster.apply(namespace, &manifest).await?;
    for app in ["server", "client"] {
        wait_for(&format!("a running {app} on each node"), LIMIT, || {
            running_on_both(cluster, namespace, app)
        })
        .await?;
    }
    Ok(())
}

async fn running_on_both(cluster: &Cluster, namespace: &str, app: &str) -> Result<Poll<()>> {
    let nodes: BTreeSet<_> = pods(cluster, namespace, app)
        .await?
        .iter()
        .filter_map(running_node)
        .collect();
    Ok(Poll::when((nodes.len() == 2).then_some(()), || {
        format!("running on {nodes:?}")
    }))
}

fn running_node(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let ready = status
        .container_statuses
        .iter()
        .flatten()
        .any(|container| container.ready);
    ready.then(|| pod.spec.as_ref()?.node_name.clone()).flatten()
}

pub(crate) async fn pods(cluster: &Cluster, namespace: &str, app: &str) -> Result<Vec<Pod>> {
    let api: Api<Pod> = Api::namespaced(cluster.client().await?, namespace);
    Ok(api
        .list(&ListParams::default().labels(&format!("app={app}")))
        .await?
        .items)
}

/// The pod of a workload that runs on a node.
pub(crate) async fn pod_on(cluster: &Cluster, namespace: &str, app: &str, node: &str) -> Result<Pod> {
    let pods = pods(cluster, namespace, app).await?;
    let found = pods
        .into_iter()
        .find(|pod| running_node(pod).as_deref() == Some(node));
    found.with_context(|| format!("no {app} on {node}"))
}

/// Runs the test program in the client's container on a node.
pub(crate) async fn client(
    cluster: &Cluster,
    namespace: &str,
    node: &str,
    arguments: [&str; 2],
) -> Result<String> {
    let pod = pod_on(cluster, namespace, "client", node).await?.name_any();
    let [verb, operand] = arguments;
    cluster
        .kubectl(&[
            "exec",
            "--namespace",
            namespace,
            &pod,
            "--",
            "/pause",
            verb,
            operand,
        ])
        .await
}

/// Asks from the machine's own network.
pub(crate) fn from_the_machine(cluster: &Cluster, url: &str) -> Result<String> {
    let output = Command::new(cluster.bin_dir().join("pause"))
        .args(["get", url])
        .env_clear()
        .output()?;
    anyhow::ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
