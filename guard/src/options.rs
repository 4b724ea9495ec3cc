//! Where the guard finds what it is told, and where it answers.
//!
//! The defaults are the contract with the controller; the flags are for tests and for people who look for a fault.

use mendix_model::runtime_configuration::{
    CONFIGURATION_FOLDER, DATABASE_FOLDER, FILE_FOLDER, SECRET_STORE_FOLDER,
};
use mendix_model::{names, task};
use std::path::PathBuf;
use std::time::Duration;

/// Options of `run`.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Folder with the configuration document.
    #[arg(long, hide = true, default_value = CONFIGURATION_FOLDER)]
    pub configuration_folder: PathBuf,
    /// Folder with the keys of the database's Secret.
    #[arg(long, hide = true, default_value = DATABASE_FOLDER)]
    pub database_folder: PathBuf,
    /// Folder with the keys of the file store's Secret.
    #[arg(long, hide = true, default_value = FILE_FOLDER)]
    pub file_folder: PathBuf,
    /// Folder with the keys of the environment's secret store.
    #[arg(long, hide = true, default_value = SECRET_STORE_FOLDER)]
    pub secret_store_folder: PathBuf,
    /// File that the reason of an end is written into.
    #[arg(long, hide = true, default_value = task::TERMINATION_MESSAGE)]
    pub termination_log: PathBuf,
    /// Port of probes and status.
    #[arg(long, hide = true, default_value_t = names::PROBE_PORT)]
    pub probe_port: i32,
    /// Port of metrics.
    #[arg(long, hide = true, default_value_t = names::METRICS_PORT)]
    pub metrics_port: i32,
    /// Milliseconds after which a worker tries again to start on a database that the leader has not made ready.
    #[arg(long, hide = true, default_value_t = 10_000)]
    pub worker_interval: u64,
}

impl Options {
    /// [`Self::worker_interval`] as a duration.
    pub(crate) const fn worker_interval(&self) -> Duration {
        Duration::from_millis(self.worker_interval)
    }
}

/// Options of `keep`.
#[derive(Clone, Debug, clap::Args)]
pub struct KeepOptions {
    /// Seconds that the pod gives its processes to end.
    #[arg(long, default_value_t = 30)]
    pub grace: u64,
    /// File that the reason of an end is written into.
    #[arg(long, hide = true, default_value = task::TERMINATION_MESSAGE)]
    pub termination_log: PathBuf,
    /// Port of the status.
    #[arg(long, hide = true, default_value_t = names::PROBE_PORT)]
    pub probe_port: i32,
    /// What the guard starts as its child.
    #[arg(last = true, required = true)]
    pub command: Vec<String>,
}
