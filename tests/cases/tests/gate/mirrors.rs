//! A static pod: a kubelet runs it from a file on its node, and the API server only gets to see its mirror. No gate is
//! asked and none can be.
//!
//! What the gate holds: while a leader runs in a static pod, no other leader is let start. What is left over: a static
//! pod that comes second runs beside the leader that was let start. Only the guard in the container (level L3) sees that.

use crate::pair::{Pair, Side};
use anyhow::Result;
use mendix_cases::app::LIMIT;
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The file of a side's static pod; none where the node's kubelet has no folder for such.
fn file(side: &Side) -> Option<PathBuf> {
    let cluster = side.product.cluster.kubeconfig_path().parent()?;
    let folder = cluster.join("node1/static-pods");
    let name = format!("{}-{}.json", side.namespace, side.environment.name);
    folder.is_dir().then(|| folder.join(name))
}

/// The leader's pod as a static one, which may refer to no Secret.
fn pod(side: &Side) -> Value {
    let mut pod = side.environment.leader()["spec"]["template"].take();
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["name"] = format!("{}-static", side.environment.name).into();
    pod["metadata"]["namespace"] = side.namespace.into();
    pod["metadata"]["labels"]["part"] = "static".into();
    pod["spec"]["containers"][0]["env"] = json!([
        { "name": "DATABASE_ENDPOINT", "value": side.database.url() },
        { "name": "CF_INSTANCE_INDEX", "value": "0" },
    ]);
    pod
}

#[tokio::test(flavor = "multi_thread")]
async fn leader_beside_a_static_pod() -> Result<()> {
    let pair = Pair::new("gate-static").await?;
    let (Some(guarded), Some(open)) = (file(&pair.guarded), file(&pair.open)) else {
        println!("skipped: the node's kubelet has no folder for static pods");
        return Ok(());
    };
    std::fs::write(&guarded, pod(&pair.guarded).to_string())?;
    std::fs::write(&open, pod(&pair.open).to_string())?;
    let tried = beside(&pair).await;
    // Whatever came of it: the kubelet would run them for ever.
    std::fs::remove_file(guarded)?;
    std::fs::remove_file(open)?;
    tried?;
    pair.both(async |side| {
        until_no_mirror(side).await?;
        side.until("the leader alone", |summary| summary.running().count() == 1)
            .await
    })
    .await?;
    pair.judge().await
}

/// Applies a leader while the static pods run.
async fn beside(pair: &Pair) -> Result<()> {
    pair.both(async |side| {
        side.until("the static pod", |summary| summary.running().count() == 1)
            .await?;
        side.apply(&side.environment.leader()).await
    })
    .await?;
    pair.guarded.until_held("MX011").await?;
    pair.open
        .until("two leaders", |summary| summary.running().count() == 2)
        .await
}

/// A mirror that our finalizer kept for ever would be a stuck pod.
async fn until_no_mirror(side: &Side) -> Result<()> {
    let name = format!("{}-static-node1", side.environment.name);
    wait_for("the mirror to be gone", LIMIT, || async {
        let mirror = side.pods().get_opt(&name).await?;
        Ok(Poll::when(mirror.is_none().then_some(()), || {
            format!("{mirror:?}")
        }))
    })
    .await
}
