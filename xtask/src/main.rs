//! The one entry point for everything that is done to this repository.

mod authorities;
mod base_image;
mod bench;
mod cargo;
mod ci;
mod cluster;
mod demo;
mod fuzz;
mod generate;
mod image;
mod plugin;
mod test_programs;

use anyhow::Result;
use clap::Parser;
use std::{io::Write as _, process::ExitCode};

/// Everything that is done to this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    Cluster(cluster::Args),
    Demo(demo::Arguments),
    Ci(ci::Arguments),
    Bench(bench::Arguments),
    Generate(generate::Arguments),
    /// Builds the product's image and pushes it.
    Image(image::Arguments),
    /// Builds the runtime double as a base image and pushes it; the tag is the version of the runtime it plays.
    BaseImage(image::Arguments),
    /// Builds the plugin and prints its path.
    Plugin,
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Cluster(args) => cluster::run(args),
        Task::Demo(arguments) => wait(demo::run(&arguments)),
        Task::Ci(arguments) => ci::run(&arguments),
        Task::Bench(arguments) => wait(bench::run(&arguments)),
        Task::Generate(arguments) => generate::run(&arguments),
        Task::Image(arguments) => wait(image::run(&arguments)),
        Task::BaseImage(arguments) => wait(base_image::run(&arguments)),
        Task::Plugin => print(&plugin::build()?.to_string_lossy()),
    }
}

/// Runs the one future of a command to its end.
pub(crate) fn wait<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Runtime::new()?.block_on(work)
}

/// Writes a result, which scripts read.
pub(crate) fn print(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

/// Tells people how things go; nobody there to read it is no error.
pub(crate) fn report(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

fn main() -> ExitCode {
    // A process may hold several clients; all of them take this provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(Task::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
