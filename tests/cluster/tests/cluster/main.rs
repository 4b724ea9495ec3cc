//! A whole cluster: pods, names, services, a cut cable, a crash, and nothing left at the end.
//!
//! Needs Linux and root.

mod apps;
#[path = "../common/mod.rs"]
mod common;
mod faults;
mod secrets;

use anyhow::{Context as _, Result};
use apps::{client, deploy, from_the_machine, pod_on, pods};
use common::leftovers;
use k8s_openapi::api::core::v1::{Namespace, Service};
use kube::{Api, ResourceExt as _};
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
        secrets::are_mounted(&test, &namespace).await?;
        faults::a_cut_node_runs_on(&test, &namespace).await?;
        faults::a_node_without_its_control_plane_runs_on(&test, &namespace).await?;
        faults::a_node_without_power_runs_nothing(&test, &namespace).await?;
        secrets::are_unmounted(&test, &namespace).await
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

async fn logs_are_read(cluster: &Cluster, namespace: &str) -> Result<()> {
    let pod = pod_on(cluster, namespace, "server", "node2").await?.name_any();
    let log = cluster.kubectl(&["logs", "--namespace", namespace, &pod]).await?;
    assert!(log.starts_with("serving on :8080\nGET /\n"), "{log}");
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
