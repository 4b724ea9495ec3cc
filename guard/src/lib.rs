//! PID 1 of the runtime's container: starts the model, answers probes, ends it.
//!
//! Order of a life: what it is told is read ([`Options`]), the database is waited for until nobody else is on it who
//! must not be, the child is started, configured and started as a model over its admin port, and watched until it ends,
//! a signal asks for the end, or the lease on the database is lost. When the guard dies the kernel ends every process of
//! the container, so no runtime outlives it.

mod admin;
mod assignment;
mod child;
mod client;
mod driver;
mod ending;
mod install;
mod java;
mod keep;
mod lease;
mod life;
mod metadata;
mod options;
mod redaction;
mod secret_store;
mod sequence;
mod serve;
mod signals;
mod sources;
mod status;
mod stop;
mod supervisor;
mod tenure;
mod termination;

pub use install::Arguments as InstallArguments;
pub use options::{KeepOptions, Options};

use std::process::ExitCode;

/// What the guard does.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Copies this binary into a folder; the work of the init container.
    Install(InstallArguments),
    /// Starts the runtime as its child and looks after it; PID 1 of the container.
    Run(Options),
    /// Starts an app that starts its model itself, and keeps the lease on its database; PID 1 of a container of a plain
    /// manifest.
    Keep(KeepOptions),
}

/// Does what the command says. The exit code of `run` and `keep` is the child's, 0 when it ended cleanly because a signal asked
/// for that, and 1 when the model could not be started.
///
/// # Errors
/// The binary cannot be copied, the guard is not told all it must be, or the child or a listener cannot be started.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Install(arguments) => {
            install::install(&arguments)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Run(options) => supervisor::run(&options).await,
        Command::Keep(options) => keep::run(&options).await,
    }
}
