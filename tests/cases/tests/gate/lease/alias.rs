//! A database by two names: the claims of both are other ones, so both are let start.

use super::{App, NAMESPACE};
use crate::pair::{OPEN, Side};
use anyhow::{Result, ensure};
use mendix_cases::{
    Product,
    plain::{Database, Environment, alias},
};

/// Two plain leaders without labels, each by a name of its own.
async fn open(product: &Product) -> Result<()> {
    let first = Side::unguarded(product, OPEN, "gate-alias-one").await?;
    let database = first.database.clone();
    let environment = Environment {
        name: "gate-alias-two".to_owned(),
        ..first.environment.clone()
    };
    let other = alias(product, NAMESPACE, &database).await?;
    let second = Side::on(product, OPEN, environment, other).await?;
    let sides = [first, second];
    for side in &sides {
        side.apply(&side.environment.leader()).await?;
    }
    let two = database
        .until("two leaders", |summary| summary.running().count() == 2)
        .await?;
    for side in &sides {
        side.clear()?;
    }
    database.remove().await?;
    ensure!(
        two.is_corrupted(),
        "the fault harmed nobody, so it proves nothing: {two:#?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn database_by_another_name() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    open(&product).await?;

    let database = Database::create(product.cluster.postgres_url(), "alias").await?;
    let first = App::apply(&product, "alias-first", &database).await?;
    product.ready(NAMESPACE, first.name).await?;
    let other = alias(&product, NAMESPACE, &database).await?;
    let second = App::apply(&product, "alias-second", &other).await?;
    second
        .until_told("the database belongs to environment alias-first in namespace case-lease")
        .await?;
    for app in [&second, &first] {
        app.delete()?;
    }
    database.end_of_one_leader().await
}
