//! Apps that run already are put under the gate.

use crate::pair::Pair;
use anyhow::Result;
use mendix_cases::plain::Summary;
use serde_json::json;

/// One leader that started after the first.
fn another(summary: &Summary) -> bool {
    summary.processes.len() >= 2 && summary.running().count() == 1
}

/// With the default strategy, Kubernetes starts the new pod before it ends the old one. The gate holds the new one, and
/// Kubernetes keeps the old one until somebody scales the app down, as `kubectl mendix protect` says.
#[tokio::test(flavor = "multi_thread")]
async fn labels_added_to_a_running_app() -> Result<()> {
    let pair = Pair::new("gate-adopt").await?;
    pair.both(async |side| {
        let unlabelled = side.environment.clone().unlabelled();
        side.apply(&unlabelled.leader()).await?;
        side.until("a leader", |summary| summary.running().count() == 1)
            .await?;
        let mut leader = side.environment.leader();
        // The one without the gate gets another change, so that both are rolled out.
        leader["spec"]["template"]["metadata"]["annotations"] = json!({ "changed": "yes" });
        side.apply(&leader).await
    })
    .await?;
    pair.open
        .until("two leaders", |summary| summary.max_leaders == 2)
        .await?;
    pair.guarded.until_held("MX011").await?;
    pair.both(async |side| {
        side.kubectl(&["scale", &side.leader(), "--replicas=0"])?;
        side.kubectl(&["scale", &side.leader(), "--replicas=1"])?;
        side.until("another leader alone", another).await
    })
    .await?;
    pair.judge().await
}
