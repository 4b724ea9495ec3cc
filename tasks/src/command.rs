//! The subcommands of the one binary that task pods run.

use crate::build::{BuildArguments, BuildError};
use crate::message;
use crate::provision::{ProvisionError, Store, client_of_pod};
use crate::settings::SettingsError;
use clap::{Args, Subcommand};
use mendix_model::task::TERMINATION_MESSAGE;
use std::path::PathBuf;
use std::process::ExitCode;

/// What task pods do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Makes a store and its Secret.
    Provision {
        /// Kind of store.
        #[command(subcommand)]
        store: Store,
        /// Where the answer goes.
        #[command(flatten)]
        answer: Answer,
    },
    /// Takes a store down.
    Deprovision {
        /// Kind of store.
        #[command(subcommand)]
        store: Store,
        /// Where the answer goes.
        #[command(flatten)]
        answer: Answer,
    },
    /// Makes an image of a deployment package and pushes it.
    Build {
        /// What is built.
        #[command(flatten)]
        arguments: BuildArguments,
        /// Where the answer goes.
        #[command(flatten)]
        answer: Answer,
    },
}

/// Where a task's answer goes.
#[derive(Args, Clone, Debug)]
pub struct Answer {
    /// File of the termination message.
    #[arg(long, default_value = TERMINATION_MESSAGE, hide = true, global = true)]
    termination_message: PathBuf,
}

/// Failure of a task; its text is the termination message.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The pod was told too little.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The build failed.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The store could not be made or taken down.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// The answer cannot be written as JSON.
    #[error("failed to write the answer: {0}; report this as a fault of this program")]
    Answer(#[from] serde_json::Error),
}

/// Runs a task; its answer goes into the termination message, and its exit code is 0 or 1.
///
/// # Errors
/// When the termination message cannot be written.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let (outcome, answer) = match command {
        Command::Provision { store, answer } => (Box::pin(provision(&store)).await, answer),
        Command::Deprovision { store, answer } => (Box::pin(deprovision(&store)).await, answer),
        Command::Build { arguments, answer } => (Box::pin(build(&arguments)).await, answer),
    };
    answer.give(outcome)
}

async fn provision(store: &Store) -> Result<String, TaskError> {
    let task = store.arguments().task()?;
    let client = client_of_pod().map_err(ProvisionError::from)?;
    store.provision(&task, client).await?;
    Ok(String::new())
}

async fn deprovision(store: &Store) -> Result<String, TaskError> {
    store.deprovision(&store.arguments().task()?).await?;
    Ok(String::new())
}

async fn build(arguments: &BuildArguments) -> Result<String, TaskError> {
    Ok(serde_json::to_string(&arguments.build().await?)?)
}

impl Answer {
    fn give(&self, outcome: Result<String, TaskError>) -> anyhow::Result<ExitCode> {
        let (text, code) = match outcome {
            Ok(text) => {
                tracing::info!("done");
                (text, ExitCode::SUCCESS)
            }
            Err(error) => {
                tracing::error!("{error}");
                (error.to_string(), ExitCode::FAILURE)
            }
        };
        message::write(&self.termination_message, &text).map_err(|error| {
            let path = self.termination_message.display();
            anyhow::anyhow!("failed to write the termination message {path}: {error}; run this task in a pod")
        })?;
        Ok(code)
    }
}
