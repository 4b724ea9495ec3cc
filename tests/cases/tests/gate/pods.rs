//! A leader's pod goes, and its replacement comes at once.

use crate::pair::{Pair, Side};
use anyhow::Result;

/// Two processes were started in all, and the first has ended.
async fn replaced(side: &Side) -> Result<()> {
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
