//! Another model: seconds in which nobody answers.

use super::BENCH;
use crate::bench::{Measurement, median};
use crate::cargo;
use anyhow::Result;
use mendix_cases::package::noise;
use mendix_cases::plain::{Environment, Image, Pair, Style, push};
use mendix_cases::requests::Requests;
use mendix_cases::{Package, Product};
use std::process::Stdio;

/// Namespace and app that are guarded, and the same that nothing guards.
const GUARDED: &str = "bench-rollout";
const OURS: &str = "guarded";
const OPEN: &str = "bench-rollout-open";
const SCRIPTED: &str = "scripted";
/// Each image is new to the node for one of the two, and there for the other; they take turns.
const ROUNDS: usize = 6;
const IMAGE: usize = 200 << 20;
/// How long the runtime takes to stop, to change the schema and to start: together the floor.
const STEP_MILLISECONDS: u32 = 1000;
const FLOOR: f64 = 3.0;

/// Medians are taken of these, in seconds.
#[derive(Default)]
struct Outages {
    absent: Vec<f64>,
    present: Vec<f64>,
}

pub(super) async fn measure(product: &Product) -> Result<Vec<Measurement>> {
    let first = image(product, 0).await?;
    let ours = Pair::start(product, guarded(product, &first).await?, 1).await?;
    product.open_namespace(OPEN).await?;
    let open = Environment::new(OPEN, SCRIPTED, Style::Buildpack, &first.tag).unlabelled();
    let open = Pair::start(product, open, 1).await?;
    let (mut by_us, mut by_script) = (Outages::default(), Outages::default());
    for round in 0..ROUNDS {
        crate::report(&format!("rollout: round {} of {ROUNDS}", round + 1));
        let image = image(product, round + 1).await?;
        if round.is_multiple_of(2) {
            by_us
                .absent
                .push(outage(&ours, || safe_rollout(product, &image)).await?);
            by_script
                .present
                .push(outage(&open, || script(product, &image)).await?);
        } else {
            by_script
                .absent
                .push(outage(&open, || script(product, &image)).await?);
            by_us
                .present
                .push(outage(&ours, || safe_rollout(product, &image)).await?);
        }
    }
    for namespace in [GUARDED, OPEN] {
        product.run("kubectl", &["delete", "namespace", namespace, "--timeout=3m"])?;
    }
    Ok(measurements(by_us, by_script))
}

fn measurements(ours: Outages, script: Outages) -> Vec<Measurement> {
    let against = |case, ours: Vec<f64>, script: Vec<f64>, goal: fn(f64) -> f64| {
        let (ours, script) = (median(ours), median(script));
        Measurement {
            peer: Some("kubectl scale, wait, set image, rollout status"),
            peer_value: Some(script),
            floor: Some(FLOOR),
            ratio: Some(script / ours),
            ..Measurement::alone(BENCH, case, ours, "s", goal(script))
        }
    };
    vec![
        against("outage-absent", ours.absent, script.absent, |it| it * 0.6),
        against("outage-present", ours.present, script.present, |it| {
            it.min(FLOOR + 1.5)
        }),
    ]
}

async fn guarded(product: &Product, image: &Image) -> Result<Environment> {
    product.open_namespace(GUARDED).await?;
    product.mendix_in(GUARDED, 0, &["protect"])?;
    Ok(Environment::new(GUARDED, OURS, Style::Buildpack, &image.tag))
}

/// Of a model of its own, which no node has.
async fn image(product: &Product, number: usize) -> Result<Image> {
    let package = ["stopDelayMillis", "ddlDelayMillis", "startDelayMillis"]
        .iter()
        .fold(Package::new(&format!("M{number}")), |package, option| {
            package.option(option, STEP_MILLISECONDS)
        })
        .file("model/lib/userlib/large.jar", noise(IMAGE, number as u64 + 1));
    let name = format!("bench-rollout:{number}");
    push(product.cluster.registry(), Style::Buildpack, &name, &package).await
}

/// Seconds without an answer while the app is rolled out.
async fn outage(pair: &Pair, roll: impl FnOnce() -> Result<()>) -> Result<f64> {
    let requests = Requests::begin(pair.url.clone())?;
    // The client asks meanwhile.
    tokio::task::block_in_place(roll)?;
    Ok(requests.end().await?.outage.as_secs_f64())
}

fn safe_rollout(product: &Product, image: &Image) -> Result<()> {
    let mut command = product.plugin_command();
    command.args([
        "safe-rollout",
        "-n",
        GUARDED,
        "--timeout",
        "5m",
        "--image",
        &image.tag,
    ]);
    command.args([
        "--leader",
        &format!("deploy/{OURS}-leader"),
        "--workers",
        &format!("deploy/{OURS}-worker"),
    ]);
    cargo::run(command.stdout(Stdio::null()).stderr(Stdio::null()))
}

/// The usual pipeline: nothing of the old version runs while the new leader starts.
fn script(product: &Product, image: &Image) -> Result<()> {
    let (leader, worker) = (
        format!("deployment/{SCRIPTED}-leader"),
        format!("deployment/{SCRIPTED}-worker"),
    );
    let (image, app) = (format!("app={}", image.tag), format!("app={SCRIPTED}"));
    let steps: [&[&str]; 7] = [
        &["scale", "--replicas=0", &leader, &worker],
        &["wait", "--for=delete", "pod", "-l", &app, "--timeout=3m"],
        &["set", "image", &leader, &worker, &image],
        &["scale", "--replicas=1", &leader],
        &["rollout", "status", &leader, "--timeout=3m"],
        &["scale", "--replicas=1", &worker],
        &["rollout", "status", &worker, "--timeout=3m"],
    ];
    for step in steps {
        product.kubectl(OPEN, step)?;
    }
    Ok(())
}
