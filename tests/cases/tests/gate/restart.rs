//! The kubelet starts a container of an open pod again, by itself and without any gate.
//!
//! A Secret that was changed meanwhile is read anew, and the process may find the database of another environment. No
//! gate sees that: it is the guard in the container that compares the owner at each start (level L3), so that row is
//! among its own.

use crate::pair::{Pair, Side, model};
use anyhow::{Context, Result};
use mendix_cases::plain::{Style, kill_container, push};

/// Leader and worker of model A, which pull their tag at each start.
async fn always_pulling(name: &str) -> Result<Pair> {
    let pair = Pair::new(name).await?;
    pair.both(async |side| {
        for mut workload in [side.environment.leader(), side.environment.worker(1)] {
            workload["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = "Always".into();
            side.apply(&workload).await?;
        }
        side.until("leader and worker", |summary| summary.running().count() == 2)
            .await
    })
    .await?;
    Ok(pair)
}

/// Ends the leader's process as a crash would, and waits for the next.
async fn crash(side: &Side) -> Result<()> {
    let status = side.leader_object().await?.status.unwrap_or_default();
    let container = status.container_statuses.and_then(|all| all.into_iter().next());
    let id = container.and_then(|it| it.container_id);
    kill_container(&id.context("the leader's container has no id")?)?;
    side.until("another process of the leader", |summary| {
        summary.processes.len() == 3 && summary.running().count() == 2
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn tag_moved_to_another_model() -> Result<()> {
    let pair = always_pulling("gate-tag").await?;
    let registry = pair.open.product.cluster.registry();
    push(registry, Style::Buildpack, "gate-tag:1", &model("B")).await?;
    pair.both(crash).await?;
    pair.judge().await
}
