//! The labels that put a pod under the gate are taken off.

use crate::pair::Pair;
use anyhow::Result;
use mendix_model::names::ENVIRONMENT_LABEL;
use serde_json::json;

/// In one request with the label that its `ReplicaSet` finds it by, so that a replacement would come at once.
#[tokio::test(flavor = "multi_thread")]
async fn label_taken_off_a_running_pod() -> Result<()> {
    let pair = Pair::with_leader("gate-unlabel-pod", "Recreate").await?;
    let off = format!("{ENVIRONMENT_LABEL}-");
    let selector = pair.open.leader_pods();
    let words = ["label", "pods", "-l", &selector, "part-", &off];
    pair.guarded.refused("MX022", &words)?;
    pair.open.kubectl(&words)?;
    pair.open
        .until("two leaders", |summary| summary.running().count() == 2)
        .await?;
    pair.judge().await
}

/// The new pod would be none of the environment's, and start beside the old one.
#[tokio::test(flavor = "multi_thread")]
async fn label_taken_off_the_template() -> Result<()> {
    let pair = Pair::with_leader("gate-unlabel", "RollingUpdate").await?;
    pair.both(async |side| {
        let mut leader = side.environment.clone().unlabelled().leader();
        // The one that never had the label gets another change, so that both are rolled out.
        leader["spec"]["template"]["metadata"]["annotations"] = json!({ "changed": "yes" });
        let applied = side.apply(&leader).await;
        // To refuse it is as good as to hold the new pod.
        if applied.is_ok() {
            side.kubectl(&["rollout", "status", &side.leader(), "--timeout=60s"])?;
        }
        Ok(())
    })
    .await?;
    pair.judge().await
}
