//! Somebody else takes the same database.

use crate::pair::{Pair, Side};
use anyhow::Result;
use mendix_cases::plain::Environment;

/// Applies a second leader in the namespace of the first, on its database.
async fn second(side: &Side, environment: &Environment) -> Result<()> {
    let mut leader = environment.leader();
    leader["metadata"]["name"] = format!("{}-second", side.environment.name).into();
    // A selector of its own, so that neither Deployment takes the other's pods.
    for pointer in ["/spec/selector/matchLabels", "/spec/template/metadata/labels"] {
        if let Some(labels) = leader.pointer_mut(pointer) {
            labels["app"] = side.environment.name.as_str().into();
            labels["part"] = "second".into();
        }
    }
    side.apply(&leader).await?;
    side.until_pods(2).await
}

async fn two_run(pair: &Pair) -> Result<()> {
    pair.open
        .until("two leaders", |summary| summary.running().count() == 2)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn second_workload_of_the_environment() -> Result<()> {
    let pair = Pair::with_leader("gate-second", "Recreate").await?;
    pair.both(async |side| second(side, &side.environment).await)
        .await?;
    pair.guarded.until_held("MX011").await?;
    two_run(&pair).await?;
    pair.judge().await
}

/// Another app with the first one's credentials.
#[tokio::test(flavor = "multi_thread")]
async fn copied_secret() -> Result<()> {
    let pair = Pair::with_leader("gate-copied", "Recreate").await?;
    pair.both(async |side| {
        let other = Environment {
            name: format!("{}-other", side.environment.name),
            ..side.environment.clone()
        };
        side.apply(&other.secret(&side.database)).await?;
        second(side, &other).await
    })
    .await?;
    pair.guarded.until_held("MX001").await?;
    two_run(&pair).await?;
    pair.judge().await
}
