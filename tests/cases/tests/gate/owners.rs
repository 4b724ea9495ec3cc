//! What makes the pods is taken away, and made again beside what is left of it.

use crate::pair::{Pair, Side};
use anyhow::Result;
use mendix_cases::plain::{Environment, select};

/// The Deployment of a name and a selector of its own, with the second model.
async fn anew(side: &Side, image: &str) -> Result<()> {
    let environment = Environment {
        image: image.to_owned(),
        ..side.environment.clone()
    };
    let mut leader = environment.leader();
    // With the same selector it would take the pods that are left for its own.
    select(&mut leader, "part", "anew");
    side.apply(&leader).await
}

#[tokio::test(flavor = "multi_thread")]
async fn replica_set_left_behind_by_its_deployment() -> Result<()> {
    let pair = Pair::with_leader("gate-orphan", "Recreate").await?;
    let image = &pair.images[1].tag;
    pair.both(async |side| {
        side.kubectl(&["delete", &side.leader(), "--cascade=orphan"])?;
        anew(side, image).await
    })
    .await?;
    pair.open
        .until("two leaders", |summary| summary.running().count() == 2)
        .await?;
    pair.guarded
        .until("model B alone", |summary| {
            summary.running().map(|it| it.model.as_str()).eq(["B"])
        })
        .await?;
    pair.judge().await
}
