//! Nodes that are cut off, wholly or in part, and nodes without power.

use crate::{
    LIMIT,
    apps::{client, from_the_machine, pod_on},
};
use anyhow::{Context as _, Result, ensure};
use kube::ResourceExt as _;
use mendix_test_cluster::{Cluster, Cut, Poll, wait_for};
use std::{fs, process::Command};

/// Start of the command line of the server in its container.
const SERVER: &[u8] = b"/pause\0serve\0";

/// A partition is no crash: what runs on the cut node runs on, and is there when the cable is mended.
pub(crate) async fn a_cut_node_runs_on(cluster: &Cluster, namespace: &str) -> Result<()> {
    let url = server_url(cluster, namespace).await?;
    let before = client(cluster, namespace, "node1", ["get", &url]).await?;
    cluster.partition(2, Cut::Everything)?;
    Cluster::connect("itest").context("a cluster with a node that is cut off is a cluster")?;
    ensure!(
        client(cluster, namespace, "node1", ["get", &url]).await.is_err(),
        "the cable is cut"
    );
    ensure!(
        from_the_machine(cluster, &url).is_err(),
        "the machine is cut off too"
    );
    ensure!(
        !reaches(server()?, &database(cluster)?)?,
        "and so is the database"
    );
    cluster.heal(2)?;
    let after = answer(cluster, namespace, &url).await?;
    ensure!(before == after, "{after} answers instead of {before}");
    Ok(())
}

/// What makes two leaders: the cluster takes the node for lost, and its pods go on writing.
pub(crate) async fn a_node_without_its_control_plane_runs_on(
    cluster: &Cluster,
    namespace: &str,
) -> Result<()> {
    let url = server_url(cluster, namespace).await?;
    let server = server()?;
    let control_plane = control_plane(cluster).await?;
    until_reached(server, &control_plane).await?;
    // Twice, for a cut that is made again is the same cut.
    cluster.partition(2, Cut::ControlPlane)?;
    cluster.partition(2, Cut::ControlPlane)?;
    ensure!(!reaches(server, &control_plane)?, "the API server is cut off");
    ensure!(from_the_machine(cluster, &url).is_err(), "both ways");
    until_reached(server, &database(cluster)?).await?;
    until_reached(server, &cluster.registry().replace(':', "/")).await?;
    answer(cluster, namespace, &url).await?;
    cluster.heal(2)?;
    until_reached(server, &control_plane).await
}

/// Its processes end at once; with the power comes the kubelet, and starts its pods again.
pub(crate) async fn a_node_without_power_runs_nothing(cluster: &Cluster, namespace: &str) -> Result<()> {
    let pod = pod_on(cluster, namespace, "server", "node2").await?.name_any();
    cluster.power_off(2)?;
    ensure!(server().is_err(), "the server is still there");
    ensure!(
        Cluster::connect("itest").is_err(),
        "a cluster with a dead node passes for one that runs"
    );
    cluster.power_on(2)?;
    wait_for("the server to be back", LIMIT, || async {
        let url = server_url(cluster, namespace).await;
        let asked = match url {
            Ok(url) => client(cluster, namespace, "node1", ["get", &url]).await,
            Err(error) => Err(error),
        };
        let back = asked.as_ref().is_ok_and(|answer| answer.trim() == pod);
        Ok(Poll::when(back.then_some(()), || format!("{asked:?}")))
    })
    .await
}

/// Address of the server on the second node.
async fn server_url(cluster: &Cluster, namespace: &str) -> Result<String> {
    let server = pod_on(cluster, namespace, "server", "node2").await?;
    let address = server.status.and_then(|status| status.pod_ip);
    Ok(format!(
        "http://{}:8080/",
        address.context("the pod has no address")?
    ))
}

/// What the server on the second node answers to the client on the first.
async fn answer(cluster: &Cluster, namespace: &str, url: &str) -> Result<String> {
    wait_for("an answer", LIMIT, || async {
        let asked = client(cluster, namespace, "node1", ["get", url]).await;
        Ok(asked.map_or_else(|error| Poll::Pending(format!("{error:#}")), Poll::Ready))
    })
    .await
}

/// Process id of the server on the second node.
fn server() -> Result<u32> {
    let mut ids = fs::read_dir("/proc")?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.find(|id| is_server(*id))
        .context("no server runs on the second node")
}

fn is_server(id: u32) -> bool {
    let read = |file: &str| fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
    read("cmdline").starts_with(SERVER)
        && String::from_utf8_lossy(&read("cgroup")).contains("/mx-itest/node2/")
}

/// `HOST/PORT` of the API server as pods know it.
async fn control_plane(cluster: &Cluster) -> Result<String> {
    let arguments = [
        "get",
        "service",
        "kubernetes",
        "--output=jsonpath={.spec.clusterIP}",
    ];
    Ok(format!("{}/443", cluster.kubectl(&arguments).await?))
}

/// `HOST/PORT` of the database.
fn database(cluster: &Cluster) -> Result<String> {
    let host = cluster.registry().split(':').next();
    Ok(format!("{}/5432", host.context("the registry has no host")?))
}

async fn until_reached(process: u32, target: &str) -> Result<()> {
    wait_for(target, LIMIT, || async {
        let reached = reaches(process, target)?;
        Ok(Poll::when(reached.then_some(()), || "no connection".to_owned()))
    })
    .await
}

/// Whether `HOST/PORT` takes a connection from the network of a process, that is, of its pod.
fn reaches(process: u32, target: &str) -> Result<bool> {
    let process = process.to_string();
    let connect = format!("</dev/tcp/{target}");
    let arguments = [
        "--net", "--target", &process, "timeout", "2", "bash", "-c", &connect,
    ];
    Ok(Command::new("nsenter").args(arguments).output()?.status.success())
}
