//! From a deploy to the first page on the embedded cluster, and what the parts cost.

use super::{Measurement, NAMESPACE, median, resident};
use crate::{base_image, cargo};
use anyhow::{Context, Result};
use mendix_cases::{
    Package, Product,
    app::{LIMIT, is_ready},
    source::Answer,
};
use mendix_tasks::image::{Credentials, Platform, Registry, RegistryOptions, fetch_image, parse_reference};
use mendix_test_cluster::{Poll, wait_for};
use std::{process::Stdio, time::Instant};

const BENCH: &str = "start";
const ROUNDS: usize = 5;
const APPS: usize = 10;
const MIB: f64 = 1024.0 * 1024.0;

pub(super) async fn measure_on(product: Product, image: &str) -> Result<Vec<Measurement>> {
    let registry = product.cluster.registry();
    base_image::push(&format!("{registry}/runtime-base:10.24.0"), false).await?;
    product.platform(NAMESPACE).await?;
    Ok(vec![
        Measurement::alone(BENCH, "deploy-to-200", deploy_to_page(&product).await?, "s", 20.0),
        Measurement::alone(
            BENCH,
            "controller-memory",
            controller_memory(&product).await?,
            "MiB",
            40.0,
        ),
        Measurement::alone(BENCH, "help", help(&product)?, "ms", 30.0),
        Measurement::alone(BENCH, "image", layers(image, registry).await?, "MiB", 60.0),
    ])
}

/// Seconds from the start of the command to the first page; the nodes have the images after the first round.
async fn deploy_to_page(product: &Product) -> Result<f64> {
    let mut seconds = Vec::new();
    for round in 0..ROUNDS {
        let name = format!("round{round}");
        let url = product.source(Answer::Bytes(Package::new("bench").bytes()?))?;
        let start = Instant::now();
        deploy(product, &name, &url)?;
        let app = product.apps(NAMESPACE).get(&name).await?;
        product.until_page(&app).await?;
        seconds.push(start.elapsed().as_secs_f64());
        product.delete(NAMESPACE, &name).await?;
    }
    Ok(median(seconds))
}

fn deploy(product: &Product, name: &str, url: &str) -> Result<()> {
    let plans = [
        "--database-plan",
        "postgres",
        "--storage-plan",
        "container",
        "--dtap-mode",
        "D",
    ];
    let mut command = product.plugin_command();
    command
        .args(["deploy", name, "-n", NAMESPACE, "--source-url", url])
        .args(plans);
    cargo::run(command.stdout(Stdio::null()).stderr(Stdio::null()))
}

/// Resident memory of the largest controller process with ten apps ready.
async fn controller_memory(product: &Product) -> Result<f64> {
    let url = product.source(Answer::Bytes(Package::new("bench").bytes()?))?;
    for number in 0..APPS {
        deploy(product, &format!("app{number}"), &url)?;
    }
    wait_for("ten apps to be ready", LIMIT * 2, || async {
        let all = product
            .apps(NAMESPACE)
            .list(&kube::api::ListParams::default())
            .await?;
        let ready = all.items.iter().filter(|app| is_ready(app)).count();
        Ok(if ready == APPS {
            Poll::Ready(())
        } else {
            Poll::Pending(format!("{ready} are"))
        })
    })
    .await?;
    let memory = product
        .controllers()?
        .iter()
        .filter_map(|id| resident(*id))
        .fold(0.0, f64::max);
    Ok(memory)
}

/// Milliseconds that `kubectl mendix --help` takes as a whole process.
fn help(product: &Product) -> Result<f64> {
    let mut milliseconds = Vec::new();
    for _ in 0..ROUNDS * 4 {
        let start = Instant::now();
        product.mendix(&["--help"])?;
        milliseconds.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(median(milliseconds))
}

/// Compressed layers of the image.
async fn layers(image: &str, registry: &str) -> Result<f64> {
    let options = RegistryOptions {
        plain_http: vec![registry.to_owned()],
        credentials: Credentials::default(),
    };
    let fetched = fetch_image(
        &Registry::new(options)?,
        &parse_reference(image)?,
        &Platform::current(),
    )
    .await
    .context("failed to read the image back")?;
    let bytes: i64 = fetched.manifest.layers.iter().map(|layer| layer.size).sum();
    #[expect(clippy::cast_precision_loss, reason = "sizes of layers are far below 2^52")]
    let bytes = bytes as f64;
    Ok(bytes / MIB)
}
