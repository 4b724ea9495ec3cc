//! `cargo xtask ci`: everything that must hold before a change lands, in the order in which it fails fastest.

use crate::{base_image, cargo, generate, image};
use anyhow::{Context, Result};
use mendix_test_cluster::{Cluster, Options, Tools};
use std::{path::Path, process::Command, time::Instant};

/// Name of the cluster that the tests share.
const CLUSTER: &str = "ci";

/// Version of cargo-deny that the step below installs.
const CARGO_DENY: &str = "0.20.2";

/// One thing that must hold.
struct Step {
    name: &'static str,
    run: fn() -> Result<()>,
}

const STEPS: &[Step] = &[
    Step {
        name: "format",
        run: format,
    },
    Step {
        name: "generated files",
        run: generated,
    },
    Step {
        name: "lints",
        run: lints,
    },
    Step {
        name: "dependencies",
        run: dependencies,
    },
    Step {
        name: "tools of the test clusters",
        run: tools,
    },
    Step {
        name: "tests",
        run: tests,
    },
];

/// Runs the steps, or those whose names contain a word.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run only the steps whose names contain this.
    #[arg(value_name = "WORD")]
    only: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let chosen = |step: &&Step| {
        arguments
            .only
            .as_ref()
            .is_none_or(|word| step.name.contains(word.as_str()))
    };
    for step in STEPS.iter().filter(chosen) {
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
    Tools::require(mendix_test_cluster::tools::CLUSTER).map(drop)
}

/// All tests, with one cluster for most of them. The cluster goes whatever the tests say.
fn tests() -> Result<()> {
    // Before the cluster, which would only take processors from the compiler.
    let plugin = cargo::static_binary("kubectl-mendix")?;
    cargo::run(&mut cargo::cargo(["test", "--locked", "--workspace", "--no-run"]))?;
    let result = Cluster::up(CLUSTER, &Options::default()).and_then(|cluster| tests_on(&cluster, &plugin));
    let ended = Cluster::down(CLUSTER);
    result.and(ended)
}

fn tests_on(cluster: &Cluster, plugin: &Path) -> Result<()> {
    let registry = cluster.registry();
    let product = crate::wait(image::push(&format!("{registry}/mendix:test"), true))?;
    let base = crate::wait(base_image::push(
        &format!("{registry}/runtime-base:10.24.0"),
        true,
    ))?;
    let arguments = ["test", "--locked", "--workspace", "--no-fail-fast"];
    cargo::run(
        cargo::cargo(arguments)
            .env("MENDIX_TEST_KUBECONFIG", cluster.kubeconfig_path())
            .env("MENDIX_TEST_REGISTRY", registry)
            .env("MENDIX_TEST_POSTGRES_URL", cluster.postgres_url())
            .env("MENDIX_TEST_IMAGE", product)
            .env("MENDIX_TEST_BASE_IMAGE", base)
            .env("MENDIX_TEST_PLUGIN", plugin)
            .env("INSTA_UPDATE", "no"),
    )
}
