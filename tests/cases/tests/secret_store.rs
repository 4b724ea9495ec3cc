//! An app whose database stands in a Secret of its own, and not in a storage plan.

use anyhow::{Result, ensure};
use mendix_cases::{Product, app::LIMIT, manifest, plain::Database};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};

const NAMESPACE: &str = "case-secret-store";

/// The Secret of an app, with the annotation that attaches it.
fn secret(app: &str, database: &Database) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": app,
            "namespace": NAMESPACE,
            "annotations": { "privatecloud.mendix.com/environment-secret": "true" },
        },
        "stringData": database.keys(),
    })
}

/// An app without a plan for its database.
fn app(product: &Product, name: &str) -> Result<Value> {
    let mut app = manifest::app(NAMESPACE, name, &product.package("A")?);
    let spec = &mut app["spec"];
    spec["database"] = Value::Null;
    spec["allowOverrideSecretsWithSecretStoreCSIDriver"] = true.into();
    Ok(app)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_runs_on_the_database_of_its_secret_and_no_other_app_does() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    let database = Database::create(product.cluster.postgres_url(), "store").await?;
    for name in ["shop", "copy"] {
        product.apply(NAMESPACE, &secret(name, &database)).await?;
    }
    product.apply(NAMESPACE, &app(&product, "shop")?).await?;
    product.ready(NAMESPACE, "shop").await?;
    let running = database
        .until("a leader", |summary| summary.running().count() == 1)
        .await?;
    ensure!(!running.is_corrupted(), "{running:#?}");
    no_value_is_told(&product, &database)?;

    // The same keys in another app's Secret: one database, two environments.
    product.apply(NAMESPACE, &app(&product, "copy")?).await?;
    wait_for("the copy to be held", LIMIT, || async {
        let output = product.mendix(&["status", "copy", "--namespace", NAMESPACE])?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(Poll::when(told.contains("MX001").then_some(()), || told))
    })
    .await?;
    for name in ["copy", "shop"] {
        // The Secrets stay: they are the people's own.
        product.kubectl(NAMESPACE, &["delete", "mendixapp", name, "--timeout=150s"])?;
    }
    let after = database.register().await?;
    ensure!(after.max_leaders == 1, "{after:#?}");
    database.remove().await
}

/// The status says what was taken from where.
fn no_value_is_told(product: &Product, database: &Database) -> Result<()> {
    let told = product.kubectl(NAMESPACE, &["get", "mendixapp", "shop", "--output", "json"])?;
    ensure!(told.contains(r#""database-password": "Secret shop""#), "{told}");
    ensure!(
        !told.contains(&database.keys()["database-password"]),
        "a password is told"
    );
    Ok(())
}
