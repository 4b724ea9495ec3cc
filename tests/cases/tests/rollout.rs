//! Another model by `kubectl mendix safe-rollout`: of an app of ours, and of Deployments that somebody else owns. What
//! `kubectl set image` does to such Deployments without a guard, `plain.rs` shows.

use anyhow::{Context, Result, ensure};
use mendix_cases::plain::{Database, Environment, Style, Summary, push};
use mendix_cases::{Package, Product};
use serde_json::{Value, json};

const NAMESPACE: &str = "case-rollout";
/// Namespace of plain manifests.
const PLAIN: &str = "case-rollout-plain";

/// What an environment remembers.
fn history(product: &Product, namespace: &str, name: &str) -> Result<Vec<Value>> {
    let told = product.mendix_in(namespace, 0, &["history", name, "-o", "json"])?;
    serde_json::from_slice(&told.stdout).context("rollouts")
}

/// The rollouts, each by what it changed and how it ended.
fn ends(rollouts: &[Value]) -> Vec<(&str, &str)> {
    rollouts
        .iter()
        .map(|it| {
            (
                it["change"].as_str().unwrap_or_default(),
                it["outcome"].as_str().unwrap_or_default(),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_gets_another_model_and_remembers_it() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    let first = product.package("A")?;
    let plans = ["--database-plan", "postgres", "--storage-plan", "container"];
    let deploy = [
        "deploy",
        "shop",
        "--source-url",
        &first,
        "--replicas",
        "2",
        "--wait",
    ];
    product.mendix_in(NAMESPACE, 0, &[&deploy[..], &plans[..]].concat())?;
    let second = product.package("B")?;
    let rollout = ["safe-rollout", "shop", "--source-url", &second, "--timeout", "5m"];
    product.mendix_in(NAMESPACE, 0, &rollout)?;
    let app = product.ready(NAMESPACE, "shop").await?;
    let page = product.until_page(&app).await?;
    ensure!(
        page["corrupted"] == json!(false) && page["model"] == json!("B"),
        "{page}"
    );
    let rollouts = history(&product, NAMESPACE, "shop")?;
    let expected = [("first", "succeeded"), ("model", "succeeded")];
    ensure!(ends(&rollouts) == expected, "{rollouts:#?}");
    ensure!(
        rollouts[1]["downtimeMilliseconds"].as_i64() > Some(0),
        "nobody served while the leader was replaced: {rollouts:#?}"
    );
    // The database has the schema of B by now.
    let refused = product.mendix_in(NAMESPACE, 4, &["undo", "shop"])?;
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(words.contains("MX009"), "{words}");
    product.delete(NAMESPACE, "shop").await
}

/// Leader and worker of a guarded environment, which run.
async fn environment(product: &Product, database: &Database, image: &str) -> Result<Environment> {
    product.open_namespace(PLAIN).await?;
    product.mendix_in(PLAIN, 0, &["protect"])?;
    let shop = Environment::new(PLAIN, "shop", Style::Buildpack, image);
    for object in [shop.secret(&database.url()), shop.worker(1), shop.leader()] {
        product.apply(PLAIN, &object).await?;
    }
    // The controller makes it for the first pod.
    let made = [
        "wait",
        "--for=create",
        "environments.guard.kubectl-mendix.io/shop",
        "--timeout=60s",
    ];
    product.kubectl(PLAIN, &made)?;
    product.mendix_in(PLAIN, 0, &["wait", "shop", "--timeout", "3m"])?;
    Ok(shop)
}

#[tokio::test(flavor = "multi_thread")]
async fn deployments_of_others_get_another_model_in_order() -> Result<()> {
    let product = Product::installed().await?;
    let registry = product.cluster.registry();
    let model = |name: &str| Package::new(name).option("stopDelayMillis", 1_000);
    let old = push(registry, Style::Buildpack, "rollout:1", &model("A")).await?;
    let new = push(registry, Style::Buildpack, "rollout:2", &model("B")).await?;
    let database = Database::create(product.cluster.postgres_url(), "rollout").await?;
    environment(&product, &database, &old.tag).await?;
    let rollout = [
        "safe-rollout",
        "--leader",
        "deploy/shop-leader",
        "--workers",
        "deploy/shop-worker",
        "--workers",
        "deploy/not-there-yet",
        "--image",
        &new.tag,
        "--timeout",
        "5m",
    ];
    product.mendix_in(PLAIN, 0, &rollout)?;
    let summary = database.register().await?;
    let models = |summary: &Summary| summary.running().map(|it| it.model.clone()).collect::<Vec<_>>();
    ensure!(models(&summary) == ["B", "B"], "{summary:#?}");
    ensure!(
        (summary.max_leaders, summary.max_models) == (1, 1) && !summary.is_corrupted(),
        "{summary:#?}"
    );
    let rollouts = history(&product, PLAIN, "shop")?;
    let expected = [("first", "succeeded"), ("model", "succeeded")];
    ensure!(ends(&rollouts) == expected, "{rollouts:#?}");
    ensure!(rollouts[1]["by"] == json!("kubectl-mendix"), "{rollouts:#?}");
    product.run("kubectl", &["delete", "namespace", PLAIN, "--timeout=120s"])?;
    database.remove().await
}
