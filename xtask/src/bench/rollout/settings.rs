//! Other settings of the same model: requests that fail.

use super::BENCH;
use crate::bench::{Measurement, NAMESPACE};
use anyhow::{Result, ensure};
use futures::future::try_join_all;
use mendix_cases::plain::{Environment, Pair, Style, push};
use mendix_cases::requests::Requests;
use mendix_cases::{Package, Product};
use serde_json::json;

/// Namespace that nothing guards.
const OPEN: &str = "bench-settings-open";
const CLIENTS: usize = 10;
/// How often settings change. With ten clients, each of which asks about 80 times a second, a change of ten seconds sees
/// 8,000 requests.
const CHANGES: u32 = 3;
/// Fewer requests than this show nothing.
const REQUESTS: usize = 10_000;

pub(super) async fn measure(product: &Product) -> Result<Vec<Measurement>> {
    product.platform(NAMESPACE).await?;
    product.open_namespace(OPEN).await?;
    let mut all = Vec::new();
    for (case, replicas) in [("settings-failed-1", 1), ("settings-failed-3", 3)] {
        crate::report(&format!("rollout: {case}"));
        let (ours, peer) = (
            ours(product, case, replicas).await?,
            restart(product, case, replicas).await?,
        );
        all.push(Measurement {
            peer: Some("kubectl rollout restart"),
            peer_value: Some(peer),
            ..Measurement::alone(BENCH, case, ours, "requests", 0.0)
        });
    }
    product.run("kubectl", &["delete", "namespace", OPEN, "--wait=false"])?;
    Ok(all)
}

async fn ours(product: &Product, name: &str, replicas: u32) -> Result<f64> {
    let (url, replicas) = (product.package("A")?, replicas.to_string());
    let plans = ["--database-plan", "postgres", "--storage-plan", "container"];
    let deploy = [
        "deploy",
        name,
        "--source-url",
        &url,
        "--replicas",
        &replicas,
        "--wait",
    ];
    product.mendix_in(NAMESPACE, 0, &[&deploy[..], &plans].concat())?;
    let app = product.ready(NAMESPACE, name).await?;
    product.until_page(&app).await?;
    let clients = begin(&product.address(&app)?)?;
    for change in 1..=CHANGES {
        let custom = json!({ "SessionTimeout": 600_000 + change }).to_string();
        let setting = json!({ "spec": { "runtime": { "customConfiguration": custom } } });
        product.patch(NAMESPACE, name, &setting).await?;
        product.ready(NAMESPACE, name).await?;
    }
    let failed = failed(clients).await?;
    product.delete(NAMESPACE, name).await?;
    Ok(failed)
}

async fn restart(product: &Product, name: &str, replicas: u32) -> Result<f64> {
    let (registry, package) = (product.cluster.registry(), Package::new("A"));
    let image = push(registry, Style::Buildpack, &format!("{name}:1"), &package).await?;
    let environment = Environment::new(OPEN, name, Style::Buildpack, &image.tag).unlabelled();
    let pair = Pair::start(product, environment, replicas - 1).await?;
    let clients = begin(&pair.url)?;
    for _ in 0..CHANGES {
        let deployments = pair.deployments(product)?;
        let words = ["rollout", "restart"]
            .into_iter()
            .chain(deployments.iter().map(String::as_str));
        tokio::task::block_in_place(|| {
            product.kubectl(OPEN, &words.collect::<Vec<_>>())?;
            pair.until_rolled_out(product)
        })?;
    }
    // Restarts are over sooner than ours: the rest of the requests is asked of an app that stands.
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    let failed = failed(clients).await?;
    for deployment in pair.deployments(product)? {
        product.kubectl(OPEN, &["delete", &deployment])?;
    }
    Ok(failed)
}

fn begin(url: &str) -> Result<Vec<Requests>> {
    (0..CLIENTS).map(|_| Requests::begin(url.to_owned())).collect()
}

async fn failed(clients: Vec<Requests>) -> Result<f64> {
    let answers = try_join_all(clients.into_iter().map(Requests::end)).await?;
    let failed: usize = answers.iter().map(|it| it.failed.len()).sum();
    let asked = failed + answers.iter().map(|it| it.good).sum::<usize>();
    crate::report(&format!("rollout: {failed} of {asked} requests failed"));
    ensure!(asked >= REQUESTS, "only {asked} requests were made");
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    let failed = failed as f64;
    Ok(failed)
}
