//! The number of leaders changes.

use crate::pair::{Pair, Side};
use anyhow::Result;
use serde_json::{Value, json};

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

/// Its least number needs no measurement, so it acts also where nothing measures.
fn autoscaler(side: &Side) -> Value {
    let name = format!("{}-leader", side.environment.name);
    json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {
            "name": name,
            "namespace": side.namespace,
            "labels": { "app": side.environment.name },
        },
        "spec": {
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": name },
            "minReplicas": 2,
            "maxReplicas": 3,
        },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn autoscaler_at_a_leader() -> Result<()> {
    let pair = Pair::with_leader("gate-autoscaler", "Recreate").await?;
    pair.both(async |side| side.apply(&autoscaler(side)).await)
        .await?;
    pair.guarded.until_held("MX011").await?;
    pair.open
        .until("two leaders", |summary| summary.running().count() == 2)
        .await?;
    pair.judge().await
}
