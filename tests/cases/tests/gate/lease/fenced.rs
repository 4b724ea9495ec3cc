//! A person says that a node is off, and it is not: it is only cut off from the control plane, and its pods go on writing.

use super::{App, NAMESPACE};
use crate::{
    nodes::{evicted_soon, two_lead},
    pair::{OPEN, Side},
    pods::replaced,
    spare::{Spare, with_spare},
};
use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use mendix_cases::{Product, app::LIMIT, plain::Database};
use mendix_test_cluster::{Poll, wait_for};

/// Longer than the bound of the lease: whoever waits so long waits for signs of life.
const LONGER_THAN_THE_BOUND: SignedDuration = SignedDuration::from_secs(30);

/// An app of ours, whose leader runs on the node.
async fn guarded(product: &Product, node: &Spare, database: &Database) -> Result<App> {
    node.alone().await?;
    let app = App::apply(product, "lie", database).await?;
    product.ready(NAMESPACE, app.name).await?;
    let at = app.pod().await?.spec.and_then(|spec| spec.node_name);
    ensure!(at.as_deref() == Some(&node.name()), "the leader runs on {at:?}");
    node.not_alone().await?;
    Ok(app)
}

/// Waits until the container of the new leader has run for so long.
async fn until_it_has_waited(app: &App) -> Result<()> {
    wait_for("a leader that waits", LIMIT, || async {
        let status = app.pod().await?.status.unwrap_or_default();
        let containers = status.container_statuses.unwrap_or_default();
        let started = containers.iter().find_map(|it| {
            let running = it.state.as_ref()?.running.as_ref()?;
            Some(running.started_at.as_ref()?.0)
        });
        let waited = started.is_some_and(|at| Timestamp::now().duration_since(at) > LONGER_THAN_THE_BOUND);
        Ok(Poll::when(waited.then_some(()), || format!("{containers:?}")))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "nightly: two minutes, until the node counts as lost"]
async fn node_said_to_be_off_that_is_not() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    with_spare(async |node| {
        let database = Database::create(product.cluster.postgres_url(), "lie").await?;
        let app = guarded(&product, node, &database).await?;
        let open = Side::unguarded(&product, OPEN, "gate-lie").await?;
        node.start(&open, &evicted_soon()).await?;
        node.cut()?;
        let old = kube::ResourceExt::name_any(&app.pod().await?);
        app.kubectl(&["delete", "pod", &old, "--wait=false"])?;
        two_lead(&open).await?;
        node.until_lost().await?;
        product.mendix_in(NAMESPACE, 0, &["fence", &node.name(), "--yes"])?;
        app.until_told("may still run on the database").await?;
        until_it_has_waited(&app).await?;
        let meanwhile = database.register().await?;
        ensure!(
            meanwhile.processes.len() == 1,
            "the second leader has started: {meanwhile:#?}"
        );
        node.mend()?;
        database
            .until("the second leader alone", |summary| {
                summary.processes.len() == 2 && summary.running().count() == 1
            })
            .await?;
        replaced(&open).await?;
        app.delete()?;
        open.clear()?;
        let (guarded, open_summary) = (database.register().await?, open.database.register().await?);
        database.remove().await?;
        open.database.remove().await?;
        ensure!(guarded.max_leaders == 1, "{guarded:#?}");
        ensure!(open_summary.is_corrupted(), "{open_summary:#?}");
        Ok(())
    })
    .await
}
