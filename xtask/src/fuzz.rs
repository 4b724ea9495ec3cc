//! The fuzz targets of `tasks/fuzz`, with a fixed number of executions: the same inputs at every run, on the toolchain of
//! the workspace.

use crate::cargo;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Targets, how often each is run, and the longest input in bytes.
const TARGETS: &[(&str, u32, u32)] = &[("zip_reader", 60_000, 4096), ("layer_writer", 4_000, 1024)];

/// What makes the compiler count which branches an input takes. Source: `cargo fuzz build --verbose`.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1";

pub(crate) fn run() -> Result<()> {
    let folder = cargo::workspace().join("tasks/fuzz");
    let results = cargo::target_directory().join("fuzz");
    build(&folder, &results)?;
    for (name, runs, longest) in TARGETS {
        fuzz(
            &folder,
            &results.join("x86_64-unknown-linux-gnu/release").join(name),
            name,
            *runs,
            *longest,
        )?;
    }
    Ok(())
}

/// The target is named although it is the host's own: only so do the flags leave build scripts alone.
fn build(folder: &Path, results: &Path) -> Result<()> {
    let arguments = [
        "build",
        "--release",
        "--locked",
        "--quiet",
        "--target",
        "x86_64-unknown-linux-gnu",
    ];
    cargo::run(
        cargo::cargo(arguments)
            .arg("--manifest-path")
            .arg(folder.join("Cargo.toml"))
            .env("CARGO_TARGET_DIR", results)
            .env("RUSTFLAGS", COVERAGE),
    )
}

fn fuzz(folder: &Path, program: &Path, name: &str, runs: u32, longest: u32) -> Result<()> {
    // What is found goes into the first folder, and is thrown away: the corpus stays small.
    let found = tempfile::tempdir()?;
    let log: PathBuf = found.path().join("log");
    let corpus = folder.join("corpus").join(name);
    let mut command = Command::new(program);
    command
        .current_dir(found.path())
        .args([
            format!("-runs={runs}"),
            "-seed=1".to_owned(),
            format!("-max_len={longest}"),
        ])
        .args([found.path(), corpus.as_path()])
        .stderr(Stdio::from(std::fs::File::create(&log)?));
    cargo::run(&mut command).with_context(|| {
        let text = std::fs::read(&log).unwrap_or_default();
        format!("fuzz target {name} failed: {}", String::from_utf8_lossy(&text))
    })
}
