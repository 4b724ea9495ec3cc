//! Arguments of the commands that say what is intended with an app.

use super::{DryRun, app_name};
use crate::output::OutputFormat;
use clap::Args;

pub(super) const STOP_EXAMPLES: &str = "\
Examples:
  # No pod runs until somebody says start; the replicas of the app stay as they are written
  kubectl mendix stop shop --wait";

pub(super) const START_EXAMPLES: &str = "\
Examples:
  kubectl mendix start shop --wait --timeout 10m";

pub(super) const PAUSE_EXAMPLES: &str = "\
Examples:
  # Changes of the app are taken, and wait; what runs goes on, and is guarded as before
  kubectl mendix pause shop";

pub(super) const RESUME_EXAMPLES: &str = "\
Examples:
  # What was changed meanwhile is rolled out
  kubectl mendix resume shop --wait";

pub(super) const RESTART_EXAMPLES: &str = "\
Examples:
  # Replace all pods: workers first, then the leader, while somebody serves
  kubectl mendix restart shop --wait";

pub(super) const REFRESH_EXAMPLES: &str = "\
Examples:
  # After an upgrade of the chart, when it suits: pods whose template would be another one are replaced
  # while somebody serves; where nothing differs, nothing happens
  kubectl mendix refresh shop --wait";

pub(super) const RETRY_EXAMPLES: &str = "\
Examples:
  # The build of shop has failed, and its cause is mended
  kubectl mendix retry shop --wait";

/// Arguments of `retry`.
#[derive(Args, Debug)]
pub struct RetryArguments {
    /// App
    #[arg(value_parser = app_name)]
    pub name: String,
    /// Follow until the app is ready
    #[arg(long, conflicts_with = "dry_run")]
    pub wait: bool,
    /// Read and show only (client), or let the cluster judge what would be deleted (server)
    #[arg(long, value_name = "WHERE", value_enum)]
    pub dry_run: Option<DryRun>,
}

/// Arguments of `restart` and `refresh`.
#[derive(Args, Debug)]
pub struct ReplaceArguments {
    /// What is the same for all.
    #[command(flatten)]
    pub intent: IntentArguments,
    /// Go on where nobody would serve meanwhile: one pod that may have no second one beside it (MX111)
    #[arg(long)]
    pub allow_downtime: bool,
}

/// Arguments of `stop`, `start`, `pause`, `resume`, `restart` and `refresh`.
#[derive(Args, Debug)]
pub struct IntentArguments {
    /// App
    #[arg(value_parser = app_name)]
    pub name: String,
    /// Follow until that is so
    #[arg(long, conflicts_with = "dry_run")]
    pub wait: bool,
    /// Read and show only (client), or let the cluster judge what would be written (server)
    #[arg(long, value_name = "WHERE", value_enum)]
    pub dry_run: Option<DryRun>,
    /// Format of the result: json, yaml or name
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<OutputFormat>,
}
