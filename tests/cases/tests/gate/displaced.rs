//! A leader's pod has to leave its node, and its replacement finds room before it has ended.

use crate::pair::{Pair, Side, model};
use crate::pods::replaced;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

/// The one to be moved ends slowly: room is made for its replacement in several steps, and the fault is none unless that
/// starts before.
async fn slow(name: &str) -> Result<Pair> {
    let models = ["A", "B"].map(|name| model(name).option("stopDelayMillis", 10_000));
    Pair::of(name, models).await?.led("Recreate").await
}

/// Somebody drains a node and thinks better of it, or is quick. The drain waits for the old pods; the node takes new
/// ones again meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn drained_node() -> Result<()> {
    let pair = slow("gate-drain").await?;
    let node = pair.open.leader_object().await?.spec.and_then(|it| it.node_name);
    let node = node.context("a pod that runs on no node")?;
    let product = pair.open.product.clone();
    let (drained, uncordoned) = (product.clone(), node.clone());
    // Both have the same labels, so one drain moves both.
    let selector = format!("--pod-selector={}", pair.open.leader_pods());
    let drain = spawn_blocking(move || drained.run("kubectl", &["drain", &node, &selector]));
    let leaving = pair.both(Side::until_leaving).await;
    // Whatever came of it: other tests need the node.
    product.run("kubectl", &["uncordon", &uncordoned])?;
    leaving?;
    pair.both(replaced).await?;
    drain.await??;
    pair.judge().await
}

/// The scheduler makes room for a pod that matters more, and the room is free again before the leader has ended.
#[tokio::test(flavor = "multi_thread")]
async fn pod_preempted_by_another() -> Result<()> {
    let pair = slow("gate-preempt").await?;
    pair.both(async |side| {
        side.apply(&preemptor(side)).await?;
        side.until_leaving().await?;
        side.kubectl(&["delete", "pod", &preemptor_name(side)])?;
        replaced(side).await
    })
    .await?;
    pair.judge().await
}

fn preemptor_name(side: &Side) -> String {
    format!("{}-preemptor", side.environment.name)
}

/// Fits on no node where the leader is. Its image is nowhere, so that it runs nothing should it win.
fn preemptor(side: &Side) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": preemptor_name(side),
            "namespace": side.namespace,
            "labels": { "app": side.environment.name },
        },
        "spec": {
            "priorityClassName": "system-cluster-critical",
            "affinity": { "podAntiAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": [{
                "topologyKey": "kubernetes.io/hostname",
                "labelSelector": { "matchLabels": { "app": side.environment.name, "part": "leader" } },
            }] } },
            "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [{
                "name": "nothing",
                "image": "nowhere/nothing",
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "capabilities": { "drop": ["ALL"] },
                },
            }],
        },
    })
}
