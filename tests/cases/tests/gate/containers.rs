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
    let pod = format!("pod/{}", pair.guarded.leader_pod().await?);
    pair.guarded.refused("MX023", &["set", "image", &pod, &image])?;
    let pod = format!("pod/{}", pair.open.leader_pod().await?);
    pair.open.kubectl(&["set", "image", &pod, &image])?;
    pair.open
        .until("two models", |summary| summary.max_models == 2)
        .await?;
    pair.judge().await
}

/// With a container to look from, the copy has the variables of the pod, and neither its labels nor its annotations nor
/// its owner. The toleration alone tells the API server that it is of an environment.
#[tokio::test(flavor = "multi_thread")]
async fn pod_copied_to_debug_it() -> Result<()> {
    let pair = Pair::with_leader("gate-copy", "Recreate").await?;
    let image = format!("--image={}", pair.images[0].tag);
    pair.both(async |side| {
        let copy = format!("--copy-to={}-copy", side.environment.name);
        let pod = side.leader_pod().await?;
        let from = ["debug", &pod, &copy, &image, "--container=look"];
        let how = ["--profile=restricted", "--attach=false"];
        side.kubectl(&[from.as_slice(), &how].concat()).map(drop)
    })
    .await?;
    pair.open
        .until("two leaders", |summary| summary.max_leaders == 2)
        .await?;
    pair.judge().await
}

/// Arguments for a second process beside the leader's, in the leader's own pod.
async fn beside(side: &Side, image: &str) -> Result<[String; 7]> {
    let database = side.database.url();
    Ok([
        "debug".to_owned(),
        side.leader_pod().await?,
        format!("--image={image}"),
        // The first one has the usual port.
        format!("--env=DATABASE_ENDPOINT={database},CF_INSTANCE_INDEX=0,PORT=8081"),
        "--container=again".to_owned(),
        "--profile=restricted".to_owned(),
        "--attach=false".to_owned(),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn ephemeral_container_with_the_image_of_the_app() -> Result<()> {
    let pair = Pair::with_leader("gate-ephemeral", "Recreate").await?;
    let image = &pair.images[0].tag;
    let words = beside(&pair.guarded, image).await?;
    pair.guarded
        .refused("MX024", &words.each_ref().map(String::as_str))?;
    let words = beside(&pair.open, image).await?;
    pair.open.kubectl(&words.each_ref().map(String::as_str))?;
    pair.open
        .until("two leaders", |summary| summary.running().count() == 2)
        .await?;
    pair.judge().await
}
