//! The template changes.

use crate::pair::{Pair, model};
use anyhow::Result;
use mendix_cases::plain::CONTAINER;

#[tokio::test(flavor = "multi_thread")]
async fn rolling_update_to_another_model() -> Result<()> {
    let pair = Pair::with_leader("gate-rolling", "RollingUpdate").await?;
    let image = format!("{CONTAINER}={}", pair.images[1].tag);
    pair.both(async |side| {
        side.kubectl(&["set", "image", &side.leader(), &image])?;
        side.until("model B alone", |summary| {
            summary.running().map(|it| it.model.as_str()).eq(["B"])
        })
        .await
    })
    .await?;
    pair.judge().await
}

/// Its pods wait for each other unless the old one is deleted: the new one at the gate, the Deployment for the new one.
#[tokio::test(flavor = "multi_thread")]
async fn rolling_restart_of_the_same_model_ends() -> Result<()> {
    let pair = Pair::with_leader("gate-restart", "RollingUpdate").await?;
    pair.both(async |side| {
        side.kubectl(&["rollout", "restart", &side.leader()])?;
        side.kubectl(&["rollout", "status", &side.leader(), "--timeout=150s"])?;
        Ok(())
    })
    .await?;
    pair.judge().await
}

#[tokio::test(flavor = "multi_thread")]
async fn there_and_back_again_within_the_grace_of_the_first() -> Result<()> {
    // Both changes, and the start of another pod, must come while the first pod ends.
    let slow = ["A", "B"].map(|name| model(name).option("stopDelayMillis", 10_000));
    let pair = Pair::of("gate-back", slow).await?.led("Recreate").await?;
    let [first, second] = pair
        .images
        .clone()
        .map(|image| format!("{CONTAINER}={}", image.tag));
    pair.both(async |side| {
        side.kubectl(&["set", "image", &side.leader(), &second])?;
        side.kubectl(&["set", "image", &side.leader(), &first])?;
        side.until("another leader of model A alone", |summary| {
            summary.processes.len() >= 2 && summary.running().map(|it| it.model.as_str()).eq(["A"])
        })
        .await
    })
    .await?;
    pair.judge().await
}
