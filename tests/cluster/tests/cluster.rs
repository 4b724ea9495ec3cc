//! A whole cluster: pods, names, services, a cut cable, a crash, and nothing left at the end.
//!
//! Needs Linux and root.

mod common;

use anyhow::{Context as _, Result};
use common::leftovers;
use k8s_openapi::api::core::v1::{Namespace, Pod, Service};
use kube::{Api, ResourceExt as _, api::ListParams};
use mendix_test_cluster::{Cluster, Options, Poll, wait_for, with_namespace};
use std::{collections::BTreeSet, process::Command, time::Duration};

const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_lives_crashes_and_goes() -> Result<()> {
    let name = "itest";
    let cluster = Cluster::up(
        name,
        &Options {
            nodes: 2,
            audit_log: true,
            ..Options::default()
        },
    )?;
    let test = cluster.clone();
    with_namespace(cluster.client().await?, |namespace| async move {
        deploy(&test, &namespace).await?;
        names_resolve(&test, &namespace).await?;
        services_answer(&test, &namespace).await?;
        logs_are_read(&test, &namespace).await?;
        a_cut_node_runs_on(&test, &namespace).await
    })
    .await?;
    let audited = std::fs::read_to_string(cluster.audit_log().context("no audit log")?)?;
    assert!(
        audited.contains(r#""level":"Metadata""#),
        "requests are written down"
    );
    let first = cluster_id(&cluster).await?;
    crash(name)?;
    let again = Cluster::up(
        name,
        &Options {
            nodes: 2,
            ..Options::default()
        },
    )?;
    let second = cluster_id(&again).await?;
    assert_ne!(first, second, "half a cluster is not used on");
    let same = Cluster::up(name, &Options::default())?;
    assert_eq!(second, cluster_id(&same).await?, "a whole cluster is");
    Cluster::down(name)?;
    assert_eq!(leftovers(name), Vec::<String>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_stand_side_by_side() -> Result<()> {
    let (left, right) = ("itest-left", "itest-right");
    let one = Cluster::up(left, &Options::default())?;
    let other = Cluster::up(right, &Options::default())?;
    assert_ne!(one.registry(), other.registry());
    assert_ne!(cluster_id(&one).await?, cluster_id(&other).await?);
    Cluster::down(right)?;
    assert_eq!(leftovers(right), Vec::<String>::new());
    let parts = Cluster::status(left)?;
    assert!(parts.iter().all(|part| part.healthy), "{parts:?}");
    let grown = Cluster::up(
        left,
        &Options {
            nodes: 2,
            ..Options::default()
        },
    )?;
    assert_eq!(
        cluster_id(&one).await?,
        cluster_id(&grown).await?,
        "a node was added, nothing was started anew"
    );
    assert_eq!(Cluster::status(left)?.len(), parts.len() + 4);
    Cluster::down(left)?;
    assert_eq!(leftovers(left), Vec::<String>::new());
    Ok(())
}

/// A server on each node, a client on each node, and a service in front of the servers.
async fn deploy(cluster: &Cluster, namespace: &str) -> Result<()> {
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

async fn pods(cluster: &Cluster, namespace: &str, app: &str) -> Result<Vec<Pod>> {
    let api: Api<Pod> = Api::namespaced(cluster.client().await?, namespace);
    Ok(api
        .list(&ListParams::default().labels(&format!("app={app}")))
        .await?
        .items)
}

/// The pod of a workload that runs on a node.
async fn pod_on(cluster: &Cluster, namespace: &str, app: &str, node: &str) -> Result<Pod> {
    let pods = pods(cluster, namespace, app).await?;
    let found = pods
        .into_iter()
        .find(|pod| running_node(pod).as_deref() == Some(node));
    found.with_context(|| format!("no {app} on {node}"))
}

/// Runs the test program in the client's container on a node.
async fn client(cluster: &Cluster, namespace: &str, node: &str, arguments: [&str; 2]) -> Result<String> {
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

async fn service_address(cluster: &Cluster, namespace: &str) -> Result<String> {
    let service = Api::<Service>::namespaced(cluster.client().await?, namespace)
        .get("server")
        .await?;
    service
        .spec
        .and_then(|spec| spec.cluster_ip)
        .context("the service has no address")
}

async fn names_resolve(cluster: &Cluster, namespace: &str) -> Result<()> {
    let expected = service_address(cluster, namespace).await?;
    for node in ["node1", "node2"] {
        wait_for("the service's name", LIMIT, || async {
            let found = client(cluster, namespace, node, ["lookup", "server"]).await;
            let right = found.as_ref().is_ok_and(|found| found.trim() == expected);
            Ok(Poll::when(right.then_some(()), || {
                format!("{found:?} instead of {expected}")
            }))
        })
        .await?;
        let unknown = client(cluster, namespace, node, ["lookup", "name.example.com"]).await;
        let refused = unknown
            .as_ref()
            .is_err_and(|error| error.to_string().contains("no such host"));
        assert!(refused, "{unknown:?}");
    }
    Ok(())
}

/// Every node and the machine reach the servers of both nodes by the service.
async fn services_answer(cluster: &Cluster, namespace: &str) -> Result<()> {
    let servers: BTreeSet<_> = pods(cluster, namespace, "server")
        .await?
        .iter()
        .map(kube::ResourceExt::name_any)
        .collect();
    let url = format!("http://{}/", service_address(cluster, namespace).await?);
    for node in ["node1", "node2"] {
        all_answer(&servers, || {
            client(cluster, namespace, node, ["get", "http://server/"])
        })
        .await?;
    }
    all_answer(&servers, || async { from_the_machine(cluster, &url) }).await
}

async fn all_answer<Asked>(servers: &BTreeSet<String>, mut ask: impl FnMut() -> Asked) -> Result<()>
where
    Asked: Future<Output = Result<String>>,
{
    let mut seen = BTreeSet::new();
    while seen != *servers {
        let answer = wait_for("an answer of the service", LIMIT, || {
            let asked = ask();
            async {
                Ok(asked
                    .await
                    .map_or_else(|error| Poll::Pending(format!("{error:#}")), Poll::Ready))
            }
        })
        .await?;
        seen.insert(answer.trim().to_owned());
        assert!(seen.is_subset(servers), "{seen:?} is more than {servers:?}");
    }
    Ok(())
}

fn from_the_machine(cluster: &Cluster, url: &str) -> Result<String> {
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

async fn logs_are_read(cluster: &Cluster, namespace: &str) -> Result<()> {
    let pod = pod_on(cluster, namespace, "server", "node2").await?.name_any();
    let log = cluster.kubectl(&["logs", "--namespace", namespace, &pod]).await?;
    assert!(log.starts_with("serving on :8080\nGET /\n"), "{log}");
    Ok(())
}

/// A partition is no crash: what runs on the cut node runs on, and is there when the cable is mended.
async fn a_cut_node_runs_on(cluster: &Cluster, namespace: &str) -> Result<()> {
    let server = pod_on(cluster, namespace, "server", "node2").await?;
    let address = server
        .status
        .and_then(|status| status.pod_ip)
        .context("the pod has no address")?;
    let url = format!("http://{address}:8080/");
    let before = client(cluster, namespace, "node1", ["get", &url]).await?;
    cluster.partition(2)?;
    assert!(
        client(cluster, namespace, "node1", ["get", &url]).await.is_err(),
        "the cable is cut"
    );
    assert!(
        from_the_machine(cluster, &url).is_err(),
        "the machine is cut off too"
    );
    cluster.heal(2)?;
    let after = wait_for("the mended node", LIMIT, || async {
        let asked = client(cluster, namespace, "node1", ["get", &url]).await;
        Ok(asked.map_or_else(|error| Poll::Pending(format!("{error:#}")), Poll::Ready))
    })
    .await?;
    assert_eq!(before, after);
    Ok(())
}

/// Identity of a cluster: what was in the old one is not in a new one.
async fn cluster_id(cluster: &Cluster) -> Result<String> {
    let system = Api::<Namespace>::all(cluster.client().await?)
        .get("kube-system")
        .await?;
    system.metadata.uid.context("kube-system has no uid")
}

/// Ends two daemons as a crash would.
fn crash(name: &str) -> Result<()> {
    let parts = Cluster::status(name)?;
    let ended = parts
        .iter()
        .filter(|part| ["etcd", "node1-kubelet"].contains(&part.name.as_str()));
    let ids: Vec<_> = ended
        .filter_map(|part| part.pid)
        .map(|id| id.to_string())
        .collect();
    assert_eq!(ids.len(), 2, "{parts:?}");
    assert!(Command::new("kill").arg("-KILL").args(&ids).status()?.success());
    Ok(())
}
