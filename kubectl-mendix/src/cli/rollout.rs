//! Arguments of the commands around rollouts.

use super::{DryRun, app_name};
use crate::output::OutputFormat;
use crate::rollout::Reference;
use clap::Args;

pub(super) const HISTORY_EXAMPLES: &str = "\
Examples:
  # What was rolled out, by whom, how long it took, and how long nothing served
  kubectl mendix history shop

  # The longest downtime that is remembered, in milliseconds
  kubectl mendix history shop -o json | jq '[.[].downtimeMilliseconds] | max'";

/// Arguments of `history`.
#[derive(Args, Debug)]
pub struct HistoryArguments {
    /// App, or environment of plain manifests
    #[arg(value_parser = app_name)]
    pub name: String,
    /// Format: table, wide, json or yaml
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: OutputFormat,
}

pub(super) const UNDO_EXAMPLES: &str = "\
Examples:
  # Back to the model that ran before, while the database still has its schema
  kubectl mendix undo shop --wait

  # To a certain rollout of kubectl mendix history, on a database that was restored from a backup of its time
  kubectl mendix undo shop --to 7 --restored --wait

It lasts until the MendixApp asks for yet another model.";

/// Arguments of `undo`.
#[derive(Args, Debug)]
pub struct UndoArguments {
    /// App
    #[arg(value_parser = app_name)]
    pub name: String,
    /// Number of the rollout to go back to; the last one that succeeded with another model when absent
    #[arg(long, value_name = "NUMBER")]
    pub to: Option<i64>,
    /// Say that the database was restored, and is as the model to go back to left it
    #[arg(long)]
    pub restored: bool,
    /// Answer the question with yes
    #[arg(short, long, requires = "restored")]
    pub yes: bool,
    /// Follow until the app is ready
    #[arg(long, conflicts_with = "dry_run")]
    pub wait: bool,
    /// Read and show only (client), or let the cluster judge what would be written (server)
    #[arg(long, value_name = "WHERE", value_enum)]
    pub dry_run: Option<DryRun>,
    /// Format of the result: json, yaml or name
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<OutputFormat>,
}

pub(super) const SAFE_ROLLOUT_EXAMPLES: &str = "\
Examples:
  # An app: build, roll out, and end when it serves (0), cannot go on (1), or the time is over (3)
  kubectl mendix safe-rollout shop --source-url https://example.com/shop-2.mda
  kubectl mendix safe-rollout shop --package shop-2.mda --registry registry.example.com/apps

  # Deployments of your own, of one environment that is protected
  kubectl mendix safe-rollout --leader deploy/shop --workers deploy/shop-workers --image registry.example.com/shop:2

Workers of the old model end, then the leader, then the new leader updates the database, then new
workers start: the gate keeps that order, also when this command is interrupted.";

/// Arguments of `safe-rollout`.
#[derive(Args, Debug)]
pub struct SafeRolloutArguments {
    /// App
    #[arg(value_parser = app_name, required_unless_present = "leader", conflicts_with = "leader")]
    pub name: Option<String>,
    /// Workload that leads: deploy/NAME or statefulset/NAME
    #[arg(long, value_name = "WORKLOAD", requires = "image", conflicts_with_all = ["package", "source_url"])]
    pub leader: Option<Reference>,
    /// Workload of workers; may be repeated, and need not be there yet
    #[arg(long, value_name = "WORKLOAD", requires = "leader")]
    pub workers: Vec<Reference>,
    /// Read and show only (client), or let the cluster judge what would be written (server)
    #[arg(long, value_name = "WHERE", value_enum)]
    pub dry_run: Option<DryRun>,
    /// What is to run.
    #[command(flatten)]
    pub source: super::SourceArguments,
}

pub(super) const WAIT_EXAMPLES: &str = "\
Examples:
  # In a pipeline, after kubectl apply: 0 ready, 1 it cannot become ready, 3 not in time
  kubectl mendix wait shop --timeout 15m";

/// Arguments of `wait`.
#[derive(Args, Debug)]
pub struct WaitArguments {
    /// App, or environment of plain manifests
    #[arg(value_parser = app_name)]
    pub name: String,
}
