//! A leader's pod goes, and its replacement comes at once.

use crate::pair::{Pair, Side};
use anyhow::Result;
use kube::api::EvictParams;

/// Two processes were started in all, and the first has ended.
pub(crate) async fn replaced(side: &Side) -> Result<()> {
    side.until("another leader alone", |summary| {
        summary.processes.len() >= 2 && summary.running().count() == 1
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_pod() -> Result<()> {
    let pair = Pair::with_leader("gate-delete", "Recreate").await?;
    pair.both(async |side| {
        side.kubectl(&["delete", "pods", "-l", &side.leader_pods(), "--wait=false"])?;
        replaced(side).await
    })
    .await?;
    pair.judge().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pod_deleted_with_force() -> Result<()> {
    let pair = Pair::with_leader("gate-force", "Recreate").await?;
    pair.both(async |side| {
        let selector = side.leader_pods();
        side.kubectl(&[
            "delete",
            "pods",
            "-l",
            &selector,
            "--grace-period=0",
            "--force",
            "--wait=false",
        ])?;
        replaced(side).await
    })
    .await?;
    pair.judge().await
}

/// What a drain does, and a cluster autoscaler.
#[tokio::test(flavor = "multi_thread")]
async fn evicted_pod() -> Result<()> {
    let pair = Pair::with_leader("gate-evict", "Recreate").await?;
    pair.both(async |side| {
        let pod = side.leader_pod().await?;
        side.pods().evict(&pod, &EvictParams::default()).await?;
        replaced(side).await
    })
    .await?;
    pair.judge().await
}

/// Its controller no longer knows it and makes another one; it runs on.
#[tokio::test(flavor = "multi_thread")]
async fn pod_taken_from_its_controller_by_its_labels() -> Result<()> {
    let pair = Pair::with_leader("gate-relabel", "Recreate").await?;
    pair.both(async |side| {
        side.kubectl(&["label", "pods", "-l", &side.leader_pods(), "part-"])?;
        side.until_pods(2).await
    })
    .await?;
    pair.open
        .until("two leaders", |summary| summary.running().count() == 2)
        .await?;
    pair.judge().await
}
