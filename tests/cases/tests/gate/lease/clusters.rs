//! The same app in two clusters, on one database. The objects of two clusters know nothing of each other.

use super::{App, NAMESPACE};
use crate::pair::Side;
use anyhow::{Result, ensure};
use mendix_cases::{
    Product, copy_image,
    plain::{Database, Environment},
};
use mendix_test_cluster::{Cluster, Options};
use serde_json::Value;

/// Names the second cluster, which the row starts and removes.
const NAME: &str = "MENDIX_TEST_SECOND_CLUSTER";
/// Namespace that nothing guards, in both.
const OPEN: &str = "case-two-clusters";

/// A cluster of its own on the same machine. Its pods reach the first one's database by the address that the first
/// one's pods know.
struct Second {
    name: String,
    cluster: Cluster,
}

impl Second {
    fn start() -> Result<Self> {
        let name = std::env::var(NAME).unwrap_or_else(|_| "test-second".to_owned());
        let cluster = Cluster::up(&name, &Options::default())?;
        Ok(Self { name, cluster })
    }

    /// Applies objects in a namespace, which it makes.
    async fn apply(&self, namespace: &str, objects: &[Value]) -> Result<()> {
        self.cluster.kubectl(&["create", "namespace", namespace]).await?;
        for object in objects {
            self.cluster.apply(namespace, &object.to_string()).await?;
        }
        Ok(())
    }

    fn remove(self) -> Result<()> {
        Cluster::down(&self.name)
    }
}

/// Installs the plain app of one cluster in the other.
async fn as_well(side: &Side, second: &Second) -> Result<()> {
    let environment = Environment {
        image: copy_image(&side.environment.image, &second.cluster).await?,
        ..side.environment.clone()
    };
    let objects = [environment.secret(&side.database.url()), environment.leader()];
    second.apply(side.namespace, &objects).await
}

/// The same for both sides.
async fn in_both(second: &Second, open: &Side, guarded: &App, database: &Database) -> Result<()> {
    as_well(open, second).await?;
    open.until("two leaders", |summary| summary.running().count() == 2)
        .await?;
    let prepared = guarded.product.prepared_for(&second.cluster).await?;
    let product = Product::install(second.cluster.clone(), prepared, &[NAMESPACE]).await?;
    product.platform(NAMESPACE).await?;
    let other = App::apply(&product, guarded.name, database).await?;
    other
        .until_told("the database belongs to environment shop in namespace case-lease of another cluster")
        .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "nightly: starts a second cluster"]
async fn same_app_in_two_clusters() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    if !product.cluster.is_embedded() {
        println!("skipped: it needs an embedded cluster, whose database a second one reaches");
        return Ok(());
    }
    let open = Side::unguarded(&product, OPEN, "gate-clusters").await?;
    open.apply(&open.environment.leader()).await?;
    let database = Database::create(product.cluster.postgres_url(), "lease_clusters").await?;
    let guarded = App::apply(&product, "shop", &database).await?;
    product.ready(NAMESPACE, guarded.name).await?;
    let second = Second::start()?;
    let outcome = in_both(&second, &open, &guarded, &database).await;
    // Whatever came of it: nobody else would remove the cluster.
    second.remove()?;
    outcome?;
    open.clear()?;
    guarded.delete()?;
    let summaries = [open.database.register().await?, database.register().await?];
    for database in [&open.database, &database] {
        database.remove().await?;
    }
    let leaders = summaries.each_ref().map(|summary| summary.max_leaders);
    ensure!(leaders == [2, 1], "{summaries:#?}");
    Ok(())
}
