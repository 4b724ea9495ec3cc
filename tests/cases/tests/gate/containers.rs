//! What runs in a pod that was let start is exchanged, or copied.

use crate::pair::{Pair, Side};
use anyhow::Result;
use mendix_cases::plain::CONTAINER;

/// A leader of model A and a worker beside it.
async fn with_worker(name: &str) -> Result<Pair> {
    let pair = Pair::with_leader(name, "Recreate").await?;
    pair.both(async |side| {
        side.apply(&side.environment.worker(1)).await?;
        side.until("leader and worker", |summary| summary.running().count() == 2)
            .await
    })
    .await?;
    Ok(pair)
}

#[tokio::test(flavor = "multi_thread")]
async fn image_of_a_running_pod_exchanged() -> Result<()> {
    let pair = with_worker("gate-image").await?;
    let image = format!("{CONTAINER}={}", pair.images[1].tag);
    let exchange = async |side: &Side| {
        let pod = format!("pod/{}", side.leader_pod().await?);
        side.kubectl(&["set", "image", &pod, &image])
    };
    let refused = exchange(&pair.guarded).await.err().map(|error| error.to_string());
    assert!(
        refused.as_ref().is_some_and(|it| it.contains("MX023")),
        "{refused:?}"
    );
    exchange(&pair.open).await?;
    pair.open
        .until("two models", |summary| summary.max_models == 2)
        .await?;
    pair.judge().await
}

/// The copy has the variables of the pod, and none of its labels.
#[tokio::test(flavor = "multi_thread")]
async fn pod_copied_to_debug_it() -> Result<()> {
    let pair = Pair::with_leader("gate-copy", "Recreate").await?;
    let image = format!("{CONTAINER}={}", pair.images[0].tag);
    pair.both(async |side| {
        let copy = format!("--copy-to={}-copy", side.environment.name);
        let pod = side.leader_pod().await?;
        let image = format!("--set-image={image}");
        side.kubectl(&[
            "debug",
            &pod,
            &copy,
            &image,
            "--profile=restricted",
            "--attach=false",
        ])?;
        Ok(())
    })
    .await?;
    pair.open
        .until("two leaders", |summary| summary.running().count() == 2)
        .await?;
    pair.judge().await
}
