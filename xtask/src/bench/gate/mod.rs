//! How soon a free pod's gate is open, on the embedded cluster with many environments known.

mod apps;
mod plain;
mod seen;

use super::{Measurement, quantile};
use anyhow::Result;
use mendix_cases::Product;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

const BENCH: &str = "gate";
/// Environments that are known.
const ENVIRONMENTS: usize = 1000;
/// Pods that are let start, each of another environment.
const PODS: usize = 400;
/// Milliseconds.
const GOALS: (f64, f64) = (50.0, 200.0);

pub(super) async fn measure_on(product: Product, image: &str) -> Result<Vec<Measurement>> {
    let apps = apps::measure(&product).await?;
    let plain = plain::measure(&product, image).await?;
    let at = |all: &[f64], share| quantile(all.to_vec(), share);
    let of = |case, value, goal| Measurement::alone(BENCH, case, value, "ms", goal);
    Ok(vec![
        of("open-p50", at(&apps, 0.50), GOALS.0),
        of("open-p99", at(&apps, 0.99), GOALS.1),
        of("open-plain-p50", at(&plain, 0.50), GOALS.0),
        of("open-plain-p99", at(&plain, 0.99), GOALS.1),
    ])
}

/// A tick a pod. One that comes late moves those after it: pods never come faster than the pace.
fn ticks(pace: Duration) -> Interval {
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
