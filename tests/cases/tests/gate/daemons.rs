//! Pods of a `DaemonSet`, which are born with a place and wait at the gate like any other.

use crate::pair::Pair;
use anyhow::Result;
use mendix_cases::plain::CONTAINER;

#[tokio::test(flavor = "multi_thread")]
async fn second_leader_of_a_daemon_set() -> Result<()> {
    let pair = Pair::with_leader("gate-daemon", "Recreate").await?;
    pair.both(async |side| side.apply(&side.environment.daemons("leader")).await)
        .await?;
    pair.guarded.until_held("MX011").await?;
    pair.open
        .until("two leaders", |summary| summary.running().count() == 2)
        .await?;
    pair.judge().await
}

/// A template of workers never says which model is to run: they wait for a leader of theirs.
#[tokio::test(flavor = "multi_thread")]
async fn workers_of_a_daemon_set_updated_alone() -> Result<()> {
    let pair = Pair::with_leader("gate-daemons", "Recreate").await?;
    let image = format!("{CONTAINER}={}", pair.images[1].tag);
    pair.both(async |side| {
        side.apply(&side.environment.daemons("worker")).await?;
        side.until("leader and worker", |summary| summary.running().count() == 2)
            .await?;
        let set = format!("daemonset/{}-daemons", side.environment.name);
        side.kubectl(&["set", "image", &set, &image]).map(drop)
    })
    .await?;
    pair.guarded.until_held("MX008").await?;
    pair.open
        .until("two models", |summary| summary.max_models == 2)
        .await?;
    pair.judge().await
}
