//! Something without a guard on the database of an app. The rows cannot keep it off, so there is no side to compare: it is
//! seen, and nothing new starts beside it.

use super::{App, NAMESPACE};
use anyhow::Result;
use mendix_cases::{Product, app::LIMIT, plain::Database};
use mendix_model::names::ENVIRONMENT_LABEL;
use mendix_runtime_double::database::connect;
use mendix_test_cluster::{Poll, wait_for};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::Config;

/// Works on the database with the login of the app, from no pod of it.
async fn work(database: &Database) -> Result<JoinHandle<()>> {
    let client = connect(&database.url().parse::<Config>()?).await?;
    Ok(tokio::spawn(async move {
        while client.batch_execute("SELECT 1").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }))
}

/// Waits until the status of the environment says this at a path.
async fn until_said(app: &App, path: &str, word: &str) -> Result<()> {
    let path = format!("jsonpath={{.status.{path}}}");
    let status = [
        "get",
        "environments.guard.kubectl-mendix.io",
        app.name,
        "-o",
        &path,
    ];
    wait_for("a word of the gate", LIMIT, || async {
        let said = app.kubectl(&status)?;
        Ok(Poll::when(said.contains(word).then_some(()), || said))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn someone_without_a_guard_on_the_database() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    let database = Database::create(product.cluster.postgres_url(), "foreign").await?;
    let app = App::apply(&product, "lease-foreign", &database).await?;
    product.ready(NAMESPACE, app.name).await?;

    let someone = work(&database).await?;
    app.until_told("sessions of the app's role come from").await?;
    until_said(&app, "claimState", "Contested").await?;
    let selector = format!("{ENVIRONMENT_LABEL}={}", app.name);
    app.kubectl(&["delete", "pods", "-l", &selector, "--timeout=60s"])?;
    until_said(&app, "held[*].rule", "MX002").await?;

    // Nobody who could look is left, so a person says when it is over.
    someone.abort();
    product.mendix_in(NAMESPACE, 0, &["adopt", app.name, "--yes"])?;
    product.ready(NAMESPACE, app.name).await?;
    app.delete()?;
    database.remove().await
}
