//! Somebody else takes the same database.

use crate::pair::{Pair, Side};
use anyhow::{Result, ensure};
use mendix_cases::{
    plain::{Environment, select},
    product::RELEASE_NAMESPACE,
};

/// Applies a second leader in the namespace of the first, on its database.
async fn second(side: &Side, environment: &Environment) -> Result<()> {
    let mut leader = environment.leader();
    leader["metadata"]["name"] = format!("{}-second", side.environment.name).into();
    // A selector of its own, so that neither Deployment takes the other's pods.
    select(&mut leader, "app", &side.environment.name);
    select(&mut leader, "part", "second");
    side.apply(&leader).await?;
    side.until_pods(2).await
}

/// An app in another namespace, on the database of this one and not running yet.
async fn elsewhere(side: &Side, namespace: &'static str) -> Result<Side> {
    side.product.open_namespace(namespace).await?;
    let environment = Environment {
        namespace: namespace.to_owned(),
        ..side.environment.clone()
    };
    let other = Side::on(&side.product, namespace, environment, side.database.clone()).await?;
    let mut leader = other.environment.leader();
    leader["spec"]["replicas"] = 0.into();
    other.apply(&leader).await?;
    Ok(other)
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

/// Another app with the first one's credentials. Its own model is another: the first one's does not make way for it.
#[tokio::test(flavor = "multi_thread")]
async fn copied_secret() -> Result<()> {
    let pair = Pair::with_leader("gate-copied", "Recreate").await?;
    let of_guarded = pair.guarded.leader_pod().await?;
    let other = |side: &Side| Environment {
        name: format!("{}-other", side.environment.name),
        image: pair.images[1].tag.clone(),
        ..side.environment.clone()
    };
    pair.both(async |side| {
        let other = other(side);
        side.apply(&other.secret(&side.database.url())).await?;
        second(side, &other).await
    })
    .await?;
    pair.guarded.until_held("MX001").await?;
    // By then it is known that the other one's model differs.
    let known = "--for=jsonpath={.status.images[0].resolved}";
    let environment = format!("environment/{}", other(&pair.guarded).name);
    pair.guarded
        .kubectl(&["wait", &environment, known, "--timeout=120s"])?;
    let leader = pair.guarded.leader_object().await?;
    ensure!(leader.metadata.name.as_ref() == Some(&of_guarded));
    ensure!(leader.metadata.deletion_timestamp.is_none());
    two_run(&pair).await?;
    pair.judge().await
}

/// The same manifests and the same Secret in another namespace, as a copy for tests is often made.
#[tokio::test(flavor = "multi_thread")]
async fn copied_into_another_namespace() -> Result<()> {
    let pair = Pair::with_leader("gate-copied-away", "Recreate").await?;
    let guarded = elsewhere(&pair.guarded, "case-gate-two").await?;
    let open = elsewhere(&pair.open, "case-open-two").await?;
    guarded.product.mendix_in(
        guarded.namespace,
        0,
        &["protect", "--release-namespace", RELEASE_NAMESPACE],
    )?;
    for side in [&guarded, &open] {
        side.kubectl(&["scale", &side.leader(), "--replicas=1"])?;
    }
    guarded.until_held("MX001").await?;
    two_run(&pair).await?;
    guarded.clear()?;
    open.clear()?;
    pair.judge().await
}
