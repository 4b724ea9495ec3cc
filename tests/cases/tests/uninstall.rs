//! The chart is uninstalled while apps run: they go on, nothing of the gate stays on them, and a new installation takes
//! them over again. Alone in its binary: tests that run at the same time would lose the product.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt, api::ListParams};
use mendix_cases::{
    Package, Product,
    app::LIMIT,
    manifest,
    plain::{Database, Environment, Image, Style, push},
};
use mendix_model::{crd::DatabaseClaim, names};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::json;
use std::collections::BTreeSet;

/// Managed, with an operator app.
const MANAGED: &str = "case-uninstall";
/// Guarded because its label says so.
const LABELLED: &str = "case-labelled";

/// A leader of plain manifests.
struct Plain {
    environment: Environment,
    database: Database,
}

impl Plain {
    async fn start(product: &Product) -> Result<Self> {
        let Image { tag, .. } = push(
            product.cluster.registry(),
            Style::Buildpack,
            "uninstall:1",
            &Package::new("A").option("stopDelayMillis", 1_000),
        )
        .await?;
        let plain = Self {
            environment: Environment::new(LABELLED, "plain", Style::Buildpack, &tag),
            database: Database::create(product.cluster.postgres_url(), "uninstall").await?,
        };
        let (environment, database) = (&plain.environment, &plain.database);
        product
            .apply(LABELLED, &environment.secret(&database.url()))
            .await?;
        product.mendix_in(LABELLED, 0, &["protect"])?;
        product.apply(LABELLED, &environment.leader()).await?;
        plain.until_running(1).await?;
        Ok(plain)
    }

    /// Waits until so many processes were started in all, and one of them runs.
    async fn until_running(&self, started: usize) -> Result<()> {
        let alone = |summary: &mendix_cases::plain::Summary| {
            summary.processes.len() == started && summary.running().count() == 1
        };
        self.database.until("one leader", alone).await.map(drop)
    }
}

/// Uids of an app's pods.
async fn pods(product: &Product, namespace: &str) -> Result<BTreeSet<String>> {
    let api: Api<Pod> = Api::namespaced(product.client.clone(), namespace);
    let selector = ListParams::default().labels(names::ENVIRONMENT_LABEL);
    let all = api.list(&selector).await?.items;
    let runtime = all
        .iter()
        .filter(|pod| !pod.labels().contains_key(names::STORAGE_INSTANCE_LABEL));
    Ok(runtime.filter_map(ResourceExt::uid).collect())
}

/// Nothing of ours is on any pod of the cluster, and no claim is left.
async fn nothing_is_left(product: &Product) -> Result<()> {
    let api: Api<Pod> = Api::all(product.client.clone());
    for pod in api.list(&ListParams::default()).await? {
        let all = pod.spec.iter().flat_map(|spec| &spec.scheduling_gates).flatten();
        let gated = all.into_iter().any(|gate| gate.name == names::GATE);
        let tracked = pod.finalizers().contains(&names::ACTIVE_FINALIZER.to_owned());
        ensure!(!gated && !tracked, "{:?}", pod.metadata);
    }
    let claims: Api<DatabaseClaim> = Api::all(product.client.clone());
    let claims = claims.list(&ListParams::default()).await?.items;
    ensure!(claims.is_empty(), "{claims:#?}");
    Ok(())
}

/// Another pod of a Deployment runs after its pod has gone. One that is just deleted would meet its replacement, as
/// nothing keeps them apart any more.
fn replaced(product: &Product, namespace: &str, deployment: &str, selector: &str) -> Result<()> {
    product.kubectl(namespace, &["scale", deployment, "--replicas=0"])?;
    let gone = ["wait", "pods", "-l", selector, "--for=delete", "--timeout=60s"];
    product.kubectl(namespace, &gone)?;
    product.kubectl(namespace, &["scale", deployment, "--replicas=1"])?;
    let status = ["rollout", "status", deployment, "--timeout=90s"];
    product.kubectl(namespace, &status).map(drop)
}

/// A second leader waits at the gate; it would run as soon as somebody makes it anew without one.
fn refused(product: &Product) -> Result<()> {
    product.kubectl(LABELLED, &["scale", "deployment/plain-leader", "--replicas=2"])?;
    let error = product
        .uninstall()
        .err()
        .context("the uninstall went through")?
        .to_string();
    ensure!(
        error.contains("uninstall refused: case-labelled/plain-leader-"),
        "{error}"
    );
    // And is as well guarded as before.
    product.kubectl(LABELLED, &["scale", "deployment/plain-leader", "--replicas=0"])?;
    product.kubectl(LABELLED, &["scale", "deployment/plain-leader", "--replicas=1"])?;
    Ok(())
}

async fn until_claimed(product: &Product, namespace: &str) -> Result<()> {
    let claims: Api<DatabaseClaim> = Api::all(product.client.clone());
    wait_for("the claim", LIMIT, || async {
        let all = claims.list(&ListParams::default()).await?.items;
        let of_namespace = all.iter().filter(|claim| claim.spec.owner.namespace == namespace);
        let runs = of_namespace.clone().any(|claim| !claim.spec.opened.is_empty());
        Ok(Poll::when(runs.then_some(()), || format!("{all:?}")))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_go_on_without_the_product_and_with_it_again() -> Result<()> {
    let product = Product::installed_for(MANAGED).await?;
    product.open_namespace(LABELLED).await?;
    let mut app = manifest::app(MANAGED, "shop", &product.package("A")?);
    app["spec"]["database"]["servicePlan"] = json!("postgres");
    product.apply(MANAGED, &app).await?;
    let plain = Plain::start(&product).await?;
    product.ready(MANAGED, "shop").await?;
    refused(&product)?;
    plain.until_running(2).await?;
    let before = pods(&product, MANAGED).await?;

    product.uninstall()?;
    nothing_is_left(&product).await?;
    assert_eq!(pods(&product, MANAGED).await?, before, "a pod was restarted");
    let paused = ["get", "deployments", "-o", "jsonpath={.items[*].spec.paused}"];
    assert_eq!(product.kubectl(MANAGED, &paused)?, "");
    replaced(
        &product,
        MANAGED,
        "deployment/shop-master",
        names::ENVIRONMENT_LABEL,
    )?;
    replaced(&product, LABELLED, "deployment/plain-leader", "app=plain")?;
    plain.until_running(3).await?;

    let product = Product::installed_for(MANAGED).await?;
    product.ready(MANAGED, "shop").await?;
    until_claimed(&product, MANAGED).await?;
    // The one that runs was born without the gate; the next one waits for its end all the same.
    product.kubectl(LABELLED, &["rollout", "restart", "deployment/plain-leader"])?;
    until_claimed(&product, LABELLED).await?;
    plain.until_running(4).await?;
    let summary = plain.database.register().await?;
    assert!(!summary.is_corrupted(), "{summary:#?}");
    product.delete(MANAGED, "shop").await?;
    product.kubectl(LABELLED, &["delete", "deployment/plain-leader"])?;
    product.run("kubectl", &["delete", "namespace", LABELLED, "--timeout=120s"])?;
    plain.database.remove().await
}
