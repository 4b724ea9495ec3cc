//! The number of leaders changes.

use crate::pair::Pair;
use anyhow::Result;

#[tokio::test(flavor = "multi_thread")]
async fn scaled_to_none_and_back_while_the_old_one_ends() -> Result<()> {
    let pair = Pair::with_leader("gate-scale", "Recreate").await?;
    pair.both(async |side| {
        side.kubectl(&["scale", &side.leader(), "--replicas=0"])?;
        side.kubectl(&["scale", &side.leader(), "--replicas=1"])?;
        side.until("another leader alone", |summary| {
            summary.processes.len() >= 2 && summary.running().count() == 1
        })
        .await
    })
    .await?;
    pair.judge().await
}

/// What an autoscaler does that was pointed at a leader.
#[tokio::test(flavor = "multi_thread")]
async fn scaled_to_two() -> Result<()> {
    let pair = Pair::with_leader("gate-two", "Recreate").await?;
    pair.both(async |side| side.kubectl(&["scale", &side.leader(), "--replicas=2"]).map(drop))
        .await?;
    pair.open
        .until("two leaders", |summary| summary.running().count() == 2)
        .await?;
    pair.judge().await
}
