//! `cargo xtask ci`: everything that must hold before a change lands, in the order in which it fails fastest.

use crate::test_programs::{self, Lane, Program};
use crate::{base_image, cargo, fuzz, generate, image, plugin};
use anyhow::{Context, Result};
use mendix_test_cluster::{Cluster, Options, Tools, tools};
use std::{path::Path, process::Command, time::Instant};

/// Name of the cluster that the tests share.
const CLUSTER: &str = "ci";
/// Name of the cluster that one of them starts beside it.
const SECOND_CLUSTER: &str = "ci-second";
/// The node of the shared cluster that tests give faults to: its last.
const SPARE_NODE: u8 = 2;

/// Version of cargo-deny that the step below installs.
const CARGO_DENY: &str = "0.20.2";

/// One thing that must hold.
struct Step {
    name: &'static str,
    run: fn() -> Result<()>,
    /// Whether it takes too long for every change.
    nightly: bool,
}

impl Step {
    const fn new(name: &'static str, run: fn() -> Result<()>) -> Self {
        Self {
            name,
            run,
            nightly: false,
        }
    }

    const fn nightly(name: &'static str, run: fn() -> Result<()>) -> Self {
        Self {
            name,
            run,
            nightly: true,
        }
    }

    fn is_chosen(&self, arguments: &Arguments) -> bool {
        let named = arguments
            .only
            .as_ref()
            .is_none_or(|word| self.name.contains(word));
        named && (arguments.nightly || !self.nightly)
    }
}

const STEPS: &[Step] = &[
    Step::new("format", format),
    Step::new("generated files", generated),
    Step::new("lints", lints),
    Step::new("dependencies", dependencies),
    Step::new("fuzz targets", fuzz::run),
    Step::new("tools of the tests", tools),
    Step::new("tests", tests),
    Step::nightly("nightly", nightly),
];

/// Runs the steps, or those whose names contain a word.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run only the steps whose names contain this.
    #[arg(value_name = "WORD")]
    only: Option<String>,
    /// Run also what takes too long for every change: the tests that are marked `#[ignore]`.
    #[arg(long)]
    nightly: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    for step in STEPS.iter().filter(|step| step.is_chosen(arguments)) {
        let started = Instant::now();
        crate::report(&format!("==> {}", step.name));
        (step.run)().with_context(|| format!("step {:?} failed", step.name))?;
        crate::report(&format!("==> {}: passed in {:.0?}", step.name, started.elapsed()));
    }
    Ok(())
}

fn format() -> Result<()> {
    cargo::run(&mut cargo::cargo(["fmt", "--all", "--check"]))
}

fn generated() -> Result<()> {
    generate::run(&generate::Arguments { check: true })
}

fn lints() -> Result<()> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ];
    cargo::run(&mut cargo::cargo(arguments))
}

/// Licences, sources and banned crates. The program is built into the cache, beside the other tools.
fn dependencies() -> Result<()> {
    let root = mendix_test_cluster::tools::cache_root()?.join("cargo");
    let program = root.join("bin/cargo-deny");
    if !program.exists() {
        let install = [
            "install",
            "cargo-deny",
            "--version",
            CARGO_DENY,
            "--locked",
            "--quiet",
            "--root",
        ];
        cargo::run(cargo::cargo(install).arg(&root))?;
    }
    let check = [
        "deny",
        "--all-features",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ];
    cargo::run(Command::new(program).current_dir(cargo::workspace()).args(check))
}

fn tools() -> Result<()> {
    mendix_test_cluster::debian::install_missing()?;
    mendix_test_cluster::debian::install_proxy()?;
    Tools::require(&[tools::CLUSTER, tools::SECRETS_STORE, tools::STORES].concat())?;
    tools::node_program("azurite", "azurite-blob").map(drop)
}

/// Folder of the cases, whose tests wait for the shared cluster most of their time.
const CASES: &str = "tests/cases";
/// More of them at once than there are processors.
const WAITING: &[&str] = &["--test-threads=4"];
/// Folder of the test cluster.
const CLUSTERS: &str = "tests/cluster";

/// All tests but those that take long. Those that need the processors are run beside those that wait.
fn tests() -> Result<()> {
    on_cluster(|programs| {
        let (cases, others) = programs.iter().partition(|program| program.is_of(CASES));
        vec![
            Lane {
                programs: others,
                arguments: &[],
            },
            Lane {
                programs: cases,
                arguments: WAITING,
            },
        ]
    })?;
    cargo::run(&mut cargo::cargo([
        "test",
        "--workspace",
        "--locked",
        "--doc",
        "--quiet",
    ]))
}

/// The tests that take long. One after the other: some give a fault to the node that all share. The test cluster's own
/// are left out: what is marked there is run by another test.
fn nightly() -> Result<()> {
    on_cluster(|programs| {
        let programs = programs.iter().filter(|program| !program.is_of(CLUSTERS));
        vec![Lane {
            programs: programs.collect(),
            arguments: &["--ignored", "--test-threads=1"],
        }]
    })
}

/// Runs tests with one cluster for most of them. The cluster goes whatever the tests say.
fn on_cluster(lanes: impl FnOnce(&[Program]) -> Vec<Lane<'_>>) -> Result<()> {
    // Before the cluster, which would only take processors from the compiler.
    let plugin = plugin::build()?;
    let programs = test_programs::build()?;
    let result = cluster().and_then(|cluster| run_on(&cluster, &plugin, lanes(&programs)));
    let ended = Cluster::down(CLUSTER);
    result.and(ended)
}

/// One node for all tests, and one that is kept for those that give it faults.
fn cluster() -> Result<Cluster> {
    let options = Options {
        nodes: SPARE_NODE,
        ..Options::default()
    };
    let cluster = Cluster::up(CLUSTER, &options)?;
    crate::wait(cluster.keep_spare(SPARE_NODE))?;
    Ok(cluster)
}

fn run_on(cluster: &Cluster, plugin: &Path, lanes: Vec<Lane<'_>>) -> Result<()> {
    let registry = cluster.registry();
    let product = crate::wait(image::push(&format!("{registry}/mendix:test"), true))?;
    let base = crate::wait(base_image::push(
        &format!("{registry}/runtime-base:10.24.0"),
        true,
    ))?;
    test_programs::run(lanes, &|command| {
        command
            .env("MENDIX_TEST_KUBECONFIG", cluster.kubeconfig_path())
            .env("MENDIX_TEST_REGISTRY", registry)
            .env("MENDIX_TEST_POSTGRES_URL", cluster.postgres_url())
            .env("MENDIX_TEST_IMAGE", &product)
            .env("MENDIX_TEST_BASE_IMAGE", &base)
            .env("MENDIX_TEST_PLUGIN", plugin)
            .env("MENDIX_TEST_SECOND_CLUSTER", SECOND_CLUSTER)
            .env("INSTA_UPDATE", "no");
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: Option<&str>, nightly: bool) -> Vec<&'static str> {
        let arguments = Arguments {
            only: only.map(str::to_owned),
            nightly,
        };
        let chosen = STEPS.iter().filter(|step| step.is_chosen(&arguments));
        chosen.map(|step| step.name).collect()
    }

    #[test]
    fn what_takes_long_is_run_only_when_asked_for() {
        assert_eq!(names(None, true).len(), STEPS.len());
        assert_eq!(names(None, false).last(), Some(&"tests"));
        assert_eq!(names(Some("nightly"), true), ["nightly"]);
        assert_eq!(names(Some("nightly"), false), [""; 0]);
    }
}
