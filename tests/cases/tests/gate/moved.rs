//! The node of an app of one pod is drained: another pod serves before that one ends, so that no request fails, and the
//! drain goes on. Of an app that nothing guards the only pod ends first.

use crate::spare::{Spare, prefers, with_spare};
use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::ListParams};
use mendix_cases::{Product, app::LIMIT, plain::Served, requests::Requests};
use mendix_model::names::{ENVIRONMENT_LABEL, ENVIRONMENT_TOLERATION};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::json;

const NAMESPACE: &str = "case-moved";
/// Namespace that nothing guards.
const OPEN: &str = "case-moved-open";
/// The app.
const APP: &str = "moved";
/// Nodes with this label are those that the app may run on.
const HERE: &str = "case-moved";

/// Nodes that the app has pods on.
async fn nodes(product: &Product) -> Result<Vec<String>> {
    let api: Api<Pod> = Api::namespaced(product.client.clone(), NAMESPACE);
    let labels = format!("{ENVIRONMENT_LABEL}={APP}");
    let pods = api.list(&ListParams::default().labels(&labels)).await?;
    let node = |pod: Pod| pod.spec.and_then(|spec| spec.node_name).unwrap_or_default();
    Ok(pods.items.into_iter().map(node).collect())
}

/// Waits until the app has one pod, on that node or on another one.
async fn until_one(product: &Product, node: &str, there: bool) -> Result<()> {
    wait_for("the app to have one pod elsewhere", LIMIT, || async {
        let nodes = nodes(product).await?;
        let moved = matches!(nodes.as_slice(), [only] if (only == node) == there && !only.is_empty());
        Ok(Poll::when(moved.then_some(()), || format!("{nodes:?}")))
    })
    .await
}

/// Deploys the app, and moves it to the node. From then on it may run anywhere.
async fn on_node(product: &Product, node: &Spare) -> Result<()> {
    let url = product.package("A")?;
    let plans = ["--database-plan", "postgres", "--storage-plan", "container"];
    let deploy = [&["deploy", APP, "--source-url", &url, "--wait"], plans.as_slice()].concat();
    product.mendix_in(NAMESPACE, 0, &deploy)?;
    node.label(&node.name(), HERE).await?;
    let selector = json!({ "spec": { "customPodNodeSelector": { "general": { HERE: "" } } } });
    product.patch(NAMESPACE, APP, &selector).await?;
    until_one(product, &node.name(), true).await?;
    product.ready(NAMESPACE, APP).await?;
    node.label("--all", HERE).await
}

/// An app that nothing guards, on the node.
async fn open(product: &Product, node: &Spare) -> Result<Served> {
    product.open_namespace(OPEN).await?;
    Served::start(product, OPEN, "moved", |leader| {
        let pod = &mut leader["spec"]["template"]["spec"];
        pod["affinity"] = prefers(&node.name());
        pod["tolerations"] = json!([{ "key": ENVIRONMENT_TOLERATION, "operator": "Exists" }]);
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_of_one_pod_moves_and_no_request_fails() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    with_spare(async |node| {
        node.lend(APP).await?;
        on_node(&product, node).await?;
        let unguarded = open(&product, node).await?;
        let app = product.ready(NAMESPACE, APP).await?;
        product.until_page(&app).await?;
        let ours = Requests::begin(product.address(&app)?)?;
        let theirs = Requests::begin(unguarded.url)?;
        node.drain(&format!("{ENVIRONMENT_LABEL}={APP}")).await?;
        node.drain("app=moved").await?;
        until_one(&product, &node.name(), false).await?;
        product.ready(NAMESPACE, APP).await?;
        let (ours, theirs) = (ours.end().await?, theirs.end().await?);
        let page = product.page(&app).await?;
        product.delete(NAMESPACE, APP).await?;
        product.run("kubectl", &["delete", "namespace", OPEN, "--wait=false"])?;
        unguarded.database.remove().await?;
        println!("{} requests, {} failed", ours.good, ours.failed.len());
        ensure!(page["corrupted"] == json!(false), "{page}");
        ensure!(ours.good > 0 && ours.failed.is_empty(), "{ours:#?}");
        ensure!(!theirs.failed.is_empty(), "the client sees nothing: {theirs:?}");
        Ok(())
    })
    .await
}
