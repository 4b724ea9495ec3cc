//! `cargo xtask bench NAME [--json]`: measurements. Tests assert nothing about time; these do not either, they print.

mod admission;
mod build;
mod gate;
mod rollout;
mod start;

use crate::{image, plugin};
use anyhow::Result;
use mendix_cases::{Prepared, Product};
use mendix_test_cluster::{Cluster, Options};
use serde::Serialize;

/// Name of the cluster that is measured on.
const CLUSTER: &str = "bench";
/// The namespace that the product manages there.
const NAMESPACE: &str = "bench";

/// Measures and prints.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What is measured.
    #[arg(value_enum)]
    bench: Bench,
    /// One JSON object a measurement.
    #[arg(long)]
    json: bool,
    /// With few objects, to try out whether it runs: the figures mean nothing. Of `admission` and `build` only.
    #[arg(long)]
    small: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Bench {
    /// From a deploy to the first page, and what the parts cost.
    Start,
    /// How soon a free pod may start.
    Gate,
    /// What a client sees of a rollout.
    Rollout,
    /// From a package to an image in a registry, without a cluster.
    Build,
    /// How much longer a request takes that the webhook judges.
    Admission,
}

/// One measurement. `peer` and `floor` are absent where there is none.
#[derive(Debug, Serialize)]
pub(crate) struct Measurement {
    bench: &'static str,
    case: &'static str,
    ours: f64,
    peer: Option<&'static str>,
    peer_value: Option<f64>,
    floor: Option<f64>,
    ratio: Option<f64>,
    unit: &'static str,
    goal: f64,
}

impl Measurement {
    /// A measurement without a peer.
    fn alone(bench: &'static str, case: &'static str, ours: f64, unit: &'static str, goal: f64) -> Self {
        Self {
            bench,
            case,
            ours,
            peer: None,
            peer_value: None,
            floor: None,
            ratio: None,
            unit,
            goal,
        }
    }
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    for measurement in &measured(arguments).await? {
        let line = if arguments.json {
            serde_json::to_string(measurement)?
        } else {
            line(measurement)
        };
        crate::print(&line)?;
    }
    Ok(())
}

async fn measured(arguments: &Arguments) -> Result<Vec<Measurement>> {
    let plain = ["--set".to_owned(), "webhook.enabled=false".to_owned()];
    match arguments.bench {
        Bench::Build => build::measure(arguments.small).await,
        Bench::Start => {
            on_cluster(&plain, async |product, image| {
                start::measure_on(product, image).await
            })
            .await
        }
        Bench::Gate => {
            on_cluster(&plain, async |product, image| {
                gate::measure_on(product, image).await
            })
            .await
        }
        Bench::Rollout => on_cluster(&plain, async |product, _| rollout::measure_on(&product).await).await,
        Bench::Admission => {
            let measure = async |product, _: &str| admission::measure_on(&product, arguments.small).await;
            on_cluster(&admission::values(), measure).await
        }
    }
}

/// Makes a cluster, installs the product and measures it.
async fn on_cluster(
    values: &[String],
    measure: impl AsyncFnOnce(Product, &str) -> Result<Vec<Measurement>>,
) -> Result<Vec<Measurement>> {
    let cluster = Cluster::up(CLUSTER, &Options::default())?;
    let measured = async {
        let (product, image) = install(cluster, values).await?;
        measure(product, &image).await
    };
    let measured = measured.await;
    Cluster::down(CLUSTER)?;
    measured
}

/// Installs the product; answers its image as well.
async fn install(cluster: Cluster, values: &[String]) -> Result<(Product, String)> {
    let registry = cluster.registry();
    let image = image::push(&format!("{registry}/mendix:bench"), false).await?;
    let prepared = Prepared {
        image: image.clone(),
        base_image: mendix_cases::base_image(registry),
        plugin: plugin::build()?,
    };
    Ok((
        Product::install_with(cluster, prepared, &[NAMESPACE], values).await?,
        image,
    ))
}

fn line(measurement: &Measurement) -> String {
    let Measurement {
        bench,
        case,
        ours,
        unit,
        goal,
        ..
    } = measurement;
    format!("{bench} {case}: {ours:.1} {unit} (goal: at most {goal:.1} {unit})")
}

/// Resident memory of a process, in MiB.
fn resident(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib = line.split_whitespace().nth(1)?.parse::<f64>().ok();
    kib.map(|kib| kib / 1024.0)
}

/// The middle of several values.
fn median(values: Vec<f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value that so large a share of several values does not exceed.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a small number"
    )]
    let at = (values.len() as f64 * share) as usize;
    let last = values.len().saturating_sub(1);
    values.get(at.min(last)).copied().unwrap_or(f64::NAN)
}
