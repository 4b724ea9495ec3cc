//! From an empty namespace to a served app, and everything that may be done to it then.

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use mendix_cases::Product;
use mendix_model::conditions::DATABASE_LEASE;
use mendix_model::secret_store::database::NAME;
use serde_json::json;

const NAMESPACE: &str = "case-deploy";

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_deployed_served_scaled_stopped_and_deleted() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    let url = product.package("A")?;
    let plans = ["--database-plan", "postgres", "--storage-plan", "container"];
    let deploy = [
        &[
            "deploy",
            "shop",
            "--source-url",
            &url,
            "--replicas",
            "2",
            "--wait",
        ][..],
        &plans,
    ]
    .concat();
    product.mendix_in(NAMESPACE, 0, &deploy)?;

    let app = product
        .until(NAMESPACE, "shop", "both pods", |app| workers(app) == Some("1/1"))
        .await?;
    product
        .until(NAMESPACE, "shop", "rows in the database", keeps_rows)
        .await?;
    let page = product.until_page(&app).await?;
    assert_eq!(page["corrupted"], json!(false), "{page}");
    let status = product.mendix_in(NAMESPACE, 0, &["status", "shop", "-o", "json"])?;
    let view: serde_json::Value = serde_json::from_slice(&status.stdout)?;
    assert!(view.to_string().contains("shop-database"), "{view}");

    product.run(
        "kubectl",
        &["-n", NAMESPACE, "scale", "mendixapp", "shop", "--replicas=3"],
    )?;
    product
        .until(NAMESPACE, "shop", "three pods", |app| workers(app) == Some("2/2"))
        .await?;

    product.run(
        "kubectl",
        &["-n", NAMESPACE, "scale", "mendixapp", "shop", "--replicas=0"],
    )?;
    let stopped = |app: &mendix_model::crd::MendixApp| {
        app.status
            .as_ref()
            .is_some_and(|it| it.app_state.as_deref() == Some("Stopped") && it.replicas == Some(0))
    };
    product.until(NAMESPACE, "shop", "no pods", stopped).await?;

    let database = database(&product).await?;
    assert_eq!(databases(&product, &database).await?, 1, "{database}");
    product.delete(NAMESPACE, "shop").await?;
    assert_eq!(
        databases(&product, &database).await?,
        0,
        "the database outlived its app"
    );
    Ok(())
}

/// The guards say that each process has its row, and for how long two may run at worst.
fn keeps_rows(app: &mendix_model::crd::MendixApp) -> bool {
    let conditions = app.status.iter().flat_map(|status| &status.conditions);
    let mut leases = conditions.filter(|condition| condition.type_ == DATABASE_LEASE);
    leases.any(|lease| lease.status == "True" && lease.message.contains("at most 20 s"))
}

fn workers(app: &mendix_model::crd::MendixApp) -> Option<&str> {
    app.status.as_ref()?.workers.as_deref()
}

/// Name of the app's database.
async fn database(product: &Product) -> Result<String> {
    let secrets: Api<Secret> = Api::namespaced(product.client.clone(), NAMESPACE);
    let keys = secrets.get("shop-database").await?.data.unwrap_or_default();
    let name = keys.get(NAME).context("the Secret names no database")?;
    Ok(String::from_utf8(name.0.clone())?)
}

/// How many databases of the server have this name.
async fn databases(product: &Product, name: &str) -> Result<i64> {
    let (client, connection) =
        tokio_postgres::connect(product.cluster.postgres_url(), tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let row = client
        .query_one("select count(*) from pg_database where datname = $1", &[&name])
        .await;
    Ok(row?.get(0))
}
