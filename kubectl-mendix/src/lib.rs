//! The kubectl plugin: writes what the user wants, follows what the controller does about it.
//!
//! Nothing here rolls anything out: the controller acts, so a closed laptop changes nothing.

pub mod check;
pub mod cli;
pub mod cluster;
pub mod command;
pub mod deploy;
pub mod environment;
pub mod failure;
pub mod follow;
pub mod gather;
pub mod intent;
pub mod outcome;
pub mod output;
pub mod plan;
pub mod print;
pub mod progress;
pub mod protect;
pub mod rollout;
pub mod view;

pub use cli::Cli;
pub use environment::Environment;
pub use outcome::{Outcome, report};

use anyhow::Context as _;

/// Runs one command to its end.
///
/// # Errors
/// Why the command could not do its work; [`report`] makes a message and an exit code of it.
pub fn run(command: cli::Command, environment: &mut Environment) -> anyhow::Result<Outcome> {
    // Made after the arguments were read, so that `--help` does not wait for it. One thread: the plugin waits for
    // the network most of its time, and what computes (an image) brings threads of its own.
    if let cli::Command::Completion(arguments) = &command {
        return command::completion::completion(arguments, environment);
    }
    // One provider in the whole binary: a second one would make rustls ask which to take, by panicking.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        anyhow::bail!("failed to install the cryptography provider: another one is there already");
    }
    environment.start_log();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("failed to start the asynchronous runtime")?
        .block_on(command::dispatch(command, environment))
}
