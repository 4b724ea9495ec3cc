//! Plain manifests without a guard: what the runtime double and its judge can see.
//!
//! These cases hold the measure itself to account. A case that says "never two leaders" proves something only
//! if the same pods, left alone, are seen to be two.

use anyhow::Result;
use mendix_cases::{
    Package, Product,
    plain::{CONTAINER, Database, Environment, Image, Style, Summary, ViolationKind, push},
};
use mendix_test_cluster::with_namespace;
use serde_json::json;

/// A model that takes its time to end, and whose followers look again soon.
fn model(name: &str) -> Package {
    Package::new(name)
        .option("stopDelayMillis", 3_000)
        .option("followerWaitMillis", 200)
}

/// An unlabelled leader of model A whose Deployment was told to run model B, with a strategy.
async fn updated(product: &Product, namespace: &str, database: &Database, strategy: &str) -> Result<()> {
    let registry = product.cluster.registry();
    let [old, new] = images(registry).await?;
    let shop = Environment::new(namespace, "shop", Style::Buildpack, &old.digest).unlabelled();
    product.apply(namespace, &shop.secret(&database.url())).await?;
    let mut leader = shop.leader();
    leader["spec"]["strategy"] = json!({ "type": strategy });
    product.apply(namespace, &leader).await?;
    product.kubectl(namespace, &["rollout", "status", "deployment/shop-leader"])?;
    let running = |summary: &Summary| summary.running().any(|process| process.model == "A");
    database.until("a leader of model A", running).await?;
    let image = format!("{CONTAINER}={}", new.digest);
    product.kubectl(namespace, &["set", "image", "deployment/shop-leader", &image])?;
    product.kubectl(namespace, &["rollout", "status", "deployment/shop-leader"])?;
    Ok(())
}

/// Two models in two images, told apart by digest.
async fn images(registry: &str) -> Result<[Image; 2]> {
    let old = push(registry, Style::Buildpack, "plain-update:1", &model("A")).await?;
    let new = push(registry, Style::Buildpack, "plain-update:2", &model("B")).await?;
    assert_ne!(old.digest, new.digest);
    Ok([old, new])
}

/// What the register says after an update by a strategy, once the new model alone is left.
async fn after_update(strategy: &'static str) -> Result<Summary> {
    let product = Product::installed().await?;
    with_namespace(product.client.clone(), move |namespace| async move {
        let database = Database::create(product.cluster.postgres_url(), "shop").await?;
        updated(&product, &namespace, &database, strategy).await?;
        let alone = |summary: &Summary| summary.running().map(|it| it.model.as_str()).eq(["B"]);
        let summary = database.until("model B alone", alone).await?;
        product.kubectl(&namespace, &["delete", "deployment/shop-leader"])?;
        database.remove().await?;
        Ok(summary)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_guard_a_rolling_update_runs_two_leaders_of_two_models() -> Result<()> {
    let summary = after_update("RollingUpdate").await?;
    assert!(summary.max_leaders >= 2, "{summary:#?}");
    assert!(summary.max_models >= 2, "{summary:#?}");
    for kind in [ViolationKind::TwoLeaders, ViolationKind::TwoModels] {
        let seen = summary.violations.iter().any(|violation| violation.kind == kind);
        assert!(seen, "the processes did not notice {kind:?}: {summary:#?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_ends_the_old_leader_first_is_clean() -> Result<()> {
    let summary = after_update("Recreate").await?;
    assert_eq!(summary.processes.len(), 2, "{summary:#?}");
    assert_eq!((summary.max_leaders, summary.max_models), (1, 1), "{summary:#?}");
    assert!(!summary.is_corrupted(), "{summary:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_come_from_variables_and_from_names_of_pods() -> Result<()> {
    let product = Product::installed().await?;
    with_namespace(product.client.clone(), move |namespace| async move {
        has_roles(&product, &namespace, "split", &["leader", "worker", "worker"]).await?;
        has_roles(&product, &namespace, "ordinal", &["leader", "worker"]).await?;
        has_roles(&product, &namespace, "portable", &["peer", "peer"]).await
    })
    .await
}

/// Applies the workloads of one kind of environment; its processes have these roles and harm nobody.
async fn has_roles(product: &Product, namespace: &str, kind: &str, roles: &[&str]) -> Result<()> {
    let style = if kind == "portable" {
        Style::Portable
    } else {
        Style::Buildpack
    };
    let name = format!("plain-{kind}:1");
    let image = push(product.cluster.registry(), style, &name, &model("A")).await?;
    let environment = Environment::new(namespace, kind, style, &image.digest).unlabelled();
    let database = Database::create(product.cluster.postgres_url(), kind).await?;
    product
        .apply(namespace, &environment.secret(&database.url()))
        .await?;
    let workloads = match kind {
        "split" => vec![environment.worker(2), environment.leader()],
        "ordinal" => vec![environment.ordinal(2)],
        _ => vec![environment.peer(2)],
    };
    for workload in &workloads {
        product.apply(namespace, workload).await?;
    }
    let all_run = |summary: &Summary| summary.running().count() == roles.len();
    let summary = database.until(&format!("the pods of {kind}"), all_run).await?;
    let mut found: Vec<_> = summary.running().map(|process| process.role.as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, roles, "{summary:#?}");
    assert!(!summary.is_corrupted(), "{summary:#?}");
    assert_eq!(summary.schema_changes_by_workers, 0, "{summary:#?}");
    product.kubectl(namespace, &["delete", "deployments,statefulsets", "--all"])?;
    database.remove().await
}
