//! From a deployment package to an image: ours, the ways of others, and the floor, in turn on one package, each with a
//! registry of its own that starts empty.

mod floor;
mod ours;
mod package;
mod peer;
mod registry;
mod server;

use super::{Measurement, median};
use crate::cargo;
use anyhow::{Context, Result};
use mendix_test_cluster::Tools;
use ours::Ours;
use package::Size;
use peer::Way;
use registry::Registry;
use std::path::{Path, PathBuf};

const BENCH: &str = "build";
const APPEND: &str = "unzip, tar, crane append";
const STREAM: &str = "unzip, tar | crane append";

/// Where everything lies, and what is run.
pub(super) struct Bench {
    folder: PathBuf,
    crane: PathBuf,
    mendix: PathBuf,
    rounds: usize,
}

/// A package, and the same after a change of its model.
struct Case {
    names: Names,
    package: PathBuf,
    changed: Option<PathBuf>,
}

/// The names of a package's measurements.
struct Names {
    first: &'static str,
    first_stream: &'static str,
    again: &'static str,
    memory: &'static str,
    memory_peer: &'static str,
}

/// Medians of one package.
#[derive(Default)]
struct Rounds {
    ours: Vec<f64>,
    append: Vec<f64>,
    stream: Vec<f64>,
    floor: Vec<f64>,
    again: Vec<f64>,
    append_again: Vec<f64>,
    memory: Vec<f64>,
    crane_memory: Vec<f64>,
}

/// Measures all cases; with `small`, one round of small packages.
pub(super) async fn measure(small: bool) -> Result<Vec<Measurement>> {
    let folder = tempfile::tempdir()?;
    let bench = Bench {
        folder: folder.path().to_owned(),
        crane: Tools::require(&["crane"])?.program("crane")?.to_owned(),
        mendix: cargo::static_binary("mendix")?,
        rounds: if small { 1 } else { 5 },
    };
    let mut all = Vec::new();
    for case in cases(&bench, small)? {
        let mut rounds = Rounds::default();
        for round in 0..bench.rounds {
            crate::report(&format!("build: {}, round {}", case.names.first, round + 1));
            bench.round(&case, &mut rounds).await?;
        }
        all.extend(measurements(&case, rounds));
    }
    Ok(all)
}

fn cases(bench: &Bench, small: bool) -> Result<Vec<Case>> {
    let made = |names, mebibytes| -> Result<Case> {
        let size = Size {
            mebibytes,
            version: 1,
        };
        let other = Size {
            mebibytes,
            version: 2,
        };
        Ok(Case {
            names,
            package: package::write(&bench.folder, &size)?,
            changed: Some(package::write(&bench.folder, &other)?),
        })
    };
    let mut all = vec![made(NAMES_128, if small { 4 } else { 128 })?];
    if !small {
        all.push(made(NAMES_1024, 1024)?);
    }
    // Where the sample is: it is not part of this repository.
    let sample = cargo::workspace().join("../shared/data/sample-6.2.0.mda");
    if sample.is_file() {
        all.insert(
            0,
            Case {
                names: NAMES_SAMPLE,
                package: sample,
                changed: None,
            },
        );
    }
    Ok(all)
}

impl Bench {
    async fn round(&self, case: &Case, rounds: &mut Rounds) -> Result<()> {
        let (seconds, again, memory, blob) = self.ours(case).await?;
        rounds.ours.push(seconds);
        rounds.again.extend(again);
        rounds.memory.push(memory);
        let (seconds, again, memory) = self.peer(case, Way::File)?;
        rounds.append.push(seconds);
        rounds.append_again.extend(again);
        rounds.crane_memory.push(memory);
        rounds.stream.push(self.peer(case, Way::Stream)?.0);
        let sent = floor::send(&Registry::start(self)?, &blob)?;
        rounds.floor.push(floor::unpack(&case.package)?.max(sent));
        std::fs::remove_file(&blob)?;
        Ok(())
    }

    /// Seconds of the first build and of the one after a change, the first one's memory, and the bytes of its layers.
    async fn ours(&self, case: &Case) -> Result<(f64, Option<f64>, f64, PathBuf)> {
        let registry = Registry::start(self)?;
        registry.push_base().await?;
        let first = Ours::run(self, &registry, &case.package, None)?;
        let blob = registry.layers(&first.image, &self.folder.join("blob")).await?;
        let again = match &case.changed {
            Some(changed) => Some(Ours::run(self, &registry, changed, Some(&first.image))?.seconds),
            None => None,
        };
        Ok((first.seconds, again, first.memory, blob))
    }

    fn peer(&self, case: &Case, way: Way) -> Result<(f64, Option<f64>, f64)> {
        let registry = Registry::start(self)?;
        registry.push_base_by(self)?;
        let (first, memory) = peer::run(self, &registry, &case.package, way)?;
        let again = match (&case.changed, way) {
            (Some(changed), Way::File) => Some(peer::run(self, &registry, changed, way)?.0),
            _ => None,
        };
        Ok((first, again, memory))
    }

    fn folder(&self) -> &Path {
        &self.folder
    }
}

fn measurements(case: &Case, rounds: Rounds) -> Vec<Measurement> {
    let names = &case.names;
    let ours = median(rounds.ours);
    let floor = Some(median(rounds.floor));
    let mut all = vec![
        against(names.first, ours, (APPEND, median(rounds.append)), floor, 5.0),
        against(
            names.first_stream,
            ours,
            (STREAM, median(rounds.stream)),
            floor,
            3.0,
        ),
    ];
    if case.changed.is_some() {
        let peer = (APPEND, median(rounds.append_again));
        all.push(against(names.again, median(rounds.again), peer, None, 20.0));
    }
    let mut memory = Measurement::alone(BENCH, names.memory, median(rounds.memory), "MiB", 32.0);
    memory.peer = Some(names.memory_peer);
    memory.peer_value = Some(median(rounds.crane_memory));
    all.push(memory);
    all
}

/// The goal is to be so many times faster than the peer.
fn against(
    case: &'static str,
    ours: f64,
    (peer, value): (&'static str, f64),
    floor: Option<f64>,
    times: f64,
) -> Measurement {
    Measurement {
        peer: Some(peer),
        peer_value: Some(value),
        floor,
        ratio: Some(value / ours),
        ..Measurement::alone(BENCH, case, ours, "s", value / times)
    }
}

const NAMES_SAMPLE: Names = Names {
    first: "first-sample",
    first_stream: "first-sample-stream",
    again: "again-sample",
    memory: "memory-mib-sample",
    memory_peer: "crane append",
};
const NAMES_128: Names = Names {
    first: "first-128",
    first_stream: "first-128-stream",
    again: "again-128",
    memory: "memory-mib-128",
    memory_peer: "crane append",
};
const NAMES_1024: Names = Names {
    first: "first-1024",
    first_stream: "first-1024-stream",
    again: "again-1024",
    memory: "memory-mib-1024",
    memory_peer: "crane append",
};

/// Runs something and waits for it; an error when it fails.
fn succeed(command: &mut std::process::Command) -> Result<()> {
    cargo::run(command).context("a step of the measurement failed")
}
