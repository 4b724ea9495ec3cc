//! Arguments of the commands around rollouts.

use super::{DryRun, app_name, duration};
use crate::output::OutputFormat;
use crate::rollout::Reference;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

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

  # What the app asks for after all
  kubectl mendix undo shop --cancel

It lasts until it is cancelled, or the MendixApp asks for yet another model.";

/// Arguments of `undo`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
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
    /// Take an undo back: what the app asks for runs again
    #[arg(long, conflicts_with_all = ["to", "restored"])]
    pub cancel: bool,
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

  # In a pipeline that goes on only when the app has stayed ready for two minutes
  kubectl mendix safe-rollout shop --source-url https://example.com/shop-2.mda --healthy-for 2m

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
    /// Watch it for so long afterwards, such as 2m; exit code 1 when it does not stay ready
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub healthy_for: Option<Duration>,
    /// Print what happens as events, one JSON object a line
    #[arg(short, long, value_name = "FORMAT", value_enum)]
    pub output: Option<EventFormat>,
    /// Read and show only (client), or let the cluster judge what would be written (server)
    #[arg(long, value_name = "WHERE", value_enum)]
    pub dry_run: Option<DryRun>,
    /// What is to run.
    #[command(flatten)]
    pub source: super::SourceArguments,
}

/// Format of events.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum EventFormat {
    /// One object a line.
    Json,
}

pub(super) const PLAN_EXAMPLES: &str = "\
Examples:
  # What another package would do
  kubectl mendix plan shop --package shop-2.mda
  kubectl mendix plan shop --source-url https://example.com/shop-2.mda

  # In a pipeline: 0 nothing to do, 10 something to do, 4 refused, 1 failed
  kubectl mendix plan -f shop.yaml -o json

  # Deployments of your own
  kubectl mendix plan --leader deploy/shop --workers deploy/shop-workers --image registry.example.com/shop:2";

/// Arguments of `plan`.
#[derive(Args, Debug)]
pub struct PlanArguments {
    /// App
    #[arg(value_parser = app_name, required_unless_present_any = ["filename", "leader"], conflicts_with = "leader")]
    pub name: Option<String>,
    /// Manifests of apps in a file, - for stdin; other options go on top of them
    #[arg(short, long, value_name = "FILE", conflicts_with = "leader")]
    pub filename: Vec<PathBuf>,
    /// Workload that leads: deploy/NAME or statefulset/NAME
    #[arg(long, value_name = "WORKLOAD", requires = "image", conflicts_with_all = ["package", "source_url"])]
    pub leader: Option<Reference>,
    /// Workload of workers; may be repeated, and need not be there yet
    #[arg(long, value_name = "WORKLOAD", requires = "leader")]
    pub workers: Vec<Reference>,
    /// Format: table, json or yaml
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: OutputFormat,
    /// What is to run.
    #[command(flatten)]
    pub source: PlanSourceArguments,
    /// Settings of the app.
    #[command(flatten)]
    pub settings: super::SettingArguments,
}

/// What a plan is made for.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Source")]
pub struct PlanSourceArguments {
    /// Address of a deployment package, or oci-image:// and an image that was built before
    #[arg(long, value_name = "URL", group = "planned_source")]
    pub source_url: Option<String>,
    /// Deployment package (.mda); it is read, and goes nowhere
    #[arg(long, value_name = "FILE", group = "planned_source")]
    pub package: Option<PathBuf>,
    /// Image that was built before
    #[arg(long, value_name = "REF", group = "planned_source")]
    pub image: Option<String>,
}

pub(super) const WAIT_EXAMPLES: &str = "\
Examples:
  # In a pipeline, after kubectl apply: 0 ready, 1 it cannot become ready, 3 not in time
  kubectl mendix wait shop --timeout 15m

  # Until it has been ready for two minutes in a row; 1 when it does not stay so
  kubectl mendix wait shop --healthy-for 2m";

/// Arguments of `wait`.
#[derive(Args, Debug)]
pub struct WaitArguments {
    /// App, or environment of plain manifests
    #[arg(value_parser = app_name)]
    pub name: String,
    /// Watch it for so long once it is ready, such as 2m; exit code 1 when it does not stay so
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub healthy_for: Option<Duration>,
}
