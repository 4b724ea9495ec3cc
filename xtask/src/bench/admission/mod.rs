//! How much longer a request takes that a webhook judges, on the embedded cluster: with no webhook, with one that does
//! nothing (the floor), with Gatekeeper (the peer), and with ours, with many environments known.
//!
//! The requests are dry runs: admission judges them like any other, and neither the disk of etcd nor a controller that
//! begins to work is measured. The floor is one server beside the cluster, which is a little less than a pair in it.

mod births;
mod floor;
mod gatekeeper;
mod load;
mod modes;
mod objects;

use super::{Measurement, median, quantile, resident};
use anyhow::Result;
use load::Taken;
use mendix_cases::Product;
use modes::{Mode, Modes};
use std::collections::BTreeMap;

const BENCH: &str = "admission";
const ROUNDS: usize = 5;
/// Milliseconds more than the floor, at the median and at the 99th percentile.
const GOALS: (f64, f64) = (1.0, 3.0);
/// MiB a replica.
const MEMORY: f64 = 40.0;

/// How much is made.
#[derive(Clone, Copy)]
struct Size {
    /// Environments that are known.
    environments: usize,
    /// Requests of a mode in a round, half of them pods.
    requests: usize,
}

/// Requests that are not counted after each change of what is in force: the API server compiles conditions and connects to
/// webhooks, whosever they are.
const WARM_UP: usize = 100;

const FULL: Size = Size {
    environments: 1000,
    requests: 500,
};
const SMALL: Size = Size {
    environments: 20,
    requests: 50,
};

pub(super) fn values() -> [String; 2] {
    ["--set".to_owned(), "webhook.enabled=true".to_owned()]
}

pub(super) async fn measure_on(product: &Product, small: bool) -> Result<Vec<Measurement>> {
    let size = if small { SMALL } else { FULL };
    gatekeeper::install(product).await?;
    let modes = Modes::prepare(product).await?;
    objects::environments(product, size.environments).await?;
    let mut taken: BTreeMap<Mode, Vec<Taken>> = BTreeMap::new();
    for round in 0..ROUNDS {
        for mode in Mode::ALL {
            modes.enter(mode).await?;
            crate::report(&format!("round {} of {ROUNDS}: {mode:?}", round + 1));
            load::run(product, WARM_UP).await?;
            let measured = load::run(product, size.requests).await?;
            taken.entry(mode).or_default().push(measured);
        }
    }
    modes.enter(Mode::Ours).await?;
    let replicas = product.webhooks()?.into_iter();
    let memory = replicas.filter_map(resident).fold(0.0, f64::max);
    Ok(measurements(&taken, memory))
}

/// Of each mode the middle of its rounds.
fn measurements(taken: &BTreeMap<Mode, Vec<Taken>>, memory: f64) -> Vec<Measurement> {
    let of = |case, of: fn(&Taken) -> &Vec<f64>, share, goal| {
        let middle = |mode: Mode| {
            let rounds = taken.get(&mode).into_iter().flatten();
            median(rounds.map(|round| quantile(of(round).clone(), share)).collect())
        };
        let [none, floor, peer, ours] = Mode::ALL.map(middle);
        crate::report(&format!("{case} without a webhook: {none:.2} ms"));
        Measurement {
            peer: Some("gatekeeper"),
            peer_value: Some(peer),
            floor: Some(floor),
            // What ours adds of what the peer adds.
            ratio: Some((ours - none) / (peer - none)),
            ..Measurement::alone(BENCH, case, ours, "ms", floor + goal)
        }
    };
    vec![
        of("pods-p50", |it| &it.pods, 0.50, GOALS.0),
        of("pods-p99", |it| &it.pods, 0.99, GOALS.1),
        of("deployments-p50", |it| &it.deployments, 0.50, GOALS.0),
        of("deployments-p99", |it| &it.deployments, 0.99, GOALS.1),
        Measurement::alone(BENCH, "memory-mib", memory, "MiB", MEMORY),
    ]
}
