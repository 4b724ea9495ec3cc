//! The same app in two clusters, on one database.
//!
//! The objects of two clusters know nothing of each other, so no gate can hold this: the lock in the database does,
//! for pods that carry the guard (milestone M2b). Until then there is only the half without: it shows that the fault
//! is real, and that the two clusters of this test bed reach one database. The guarded half belongs beside it.

use crate::pair::{Side, model};
use anyhow::{Context, Result, ensure};
use mendix_cases::{
    Product,
    plain::{Database, Environment, Style, push},
};
use mendix_test_cluster::{Cluster, Options};
use serde_json::Value;

/// Names the second cluster, which the row starts and removes.
const NAME: &str = "MENDIX_TEST_SECOND_CLUSTER";
const NAMESPACE: &str = "case-two-clusters";

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

    /// Copies an image into its registry, and returns its name there.
    async fn image(&self, image: &str) -> Result<String> {
        let (_, name) = image.split_once('/').context("an image without a registry")?;
        let copy = format!("{}/{name}", self.cluster.registry());
        self.cluster.crane(&["copy", "--insecure", image, &copy]).await?;
        Ok(copy)
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

/// Installs the app of one cluster in the other.
async fn as_well(side: &Side, second: &Second) -> Result<()> {
    let environment = Environment {
        image: second.image(&side.environment.image).await?,
        ..side.environment.clone()
    };
    let objects = [environment.secret(&side.database.url()), environment.leader()];
    second.apply(side.namespace, &objects).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "nightly: starts a second cluster"]
async fn same_app_in_two_clusters() -> Result<()> {
    let product = Product::installed().await?;
    if !product.cluster.is_embedded() {
        println!("skipped: it needs an embedded cluster, whose database a second one reaches");
        return Ok(());
    }
    product.open_namespace(NAMESPACE).await?;
    let registry = product.cluster.registry();
    let image = push(registry, Style::Buildpack, "gate-clusters:1", &model("A")).await?;
    let environment = Environment::new(NAMESPACE, "gate-clusters", Style::Buildpack, &image.tag).unlabelled();
    let database = Database::create(product.cluster.postgres_url(), "gate_clusters").await?;
    let first = Side::on(&product, NAMESPACE, environment, database).await?;
    first.apply(&first.environment.leader()).await?;
    let second = Second::start()?;
    let outcome = async {
        as_well(&first, &second).await?;
        first
            .until("two leaders", |summary| summary.running().count() == 2)
            .await
    }
    .await;
    // Whatever came of it: nobody else would remove the cluster.
    second.remove()?;
    outcome?;
    first.clear()?;
    let summary = first.database.register().await?;
    first.database.remove().await?;
    ensure!(summary.max_leaders == 2, "{summary:#?}");
    Ok(())
}
