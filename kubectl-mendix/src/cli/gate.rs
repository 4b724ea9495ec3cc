//! Arguments of the commands around the gate.

use super::{DryRun, app_name};
use crate::output::OutputFormat;
use clap::Args;

pub(super) const PROTECT_EXAMPLES: &str = "\
Examples:
  # What would be held, and why; nothing is held
  kubectl mendix protect -n prod --audit

  # From now on every new pod of the labelled workloads starts only when that is safe
  kubectl mendix protect -n prod

  # And replace what runs without the gate: of each environment workers first, then the leader
  kubectl mendix protect -n prod --restart --timeout 20m

  # For scripts: exit code 3 when something would be held
  kubectl mendix protect -n prod --dry-run=client -o json

Labels of a pod template that the guard goes by:
  kubectl-mendix.io/environment: NAME
  kubectl-mendix.io/role: leader | worker | peer | ordinal";

/// Arguments of `protect`.
#[derive(Args, Debug)]
pub struct ProtectArguments {
    /// Hold nothing; only say what would be held
    #[arg(long, conflicts_with_all = ["restart", "yes"])]
    pub audit: bool,
    /// Restart what runs without the gate, one environment after the other; --timeout is for each of them
    #[arg(long)]
    pub restart: bool,
    /// Answer the question whether to restart with yes
    #[arg(short, long)]
    pub yes: bool,
    /// Namespace of the controller; found by its labels when absent
    #[arg(long, value_name = "NAMESPACE")]
    pub release_namespace: Option<String>,
    /// Read and show only (client), or let the cluster judge what would be written (server)
    #[arg(long, value_name = "WHERE", value_enum, conflicts_with_all = ["restart", "yes"])]
    pub dry_run: Option<DryRun>,
    /// Format: table, wide, json, yaml or name
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: OutputFormat,
}

pub(super) const UNPROTECT_EXAMPLES: &str = "\
Examples:
  # Free the gates and finalizers of the namespace's pods, then take the guard's rights away
  kubectl mendix unprotect -n prod

Nothing is taken off by force: the controller opens what may open, and lets go what has
ended. When the time is over (--timeout, 10m when absent), it goes on; run the command
again to finish.";

/// Arguments of `unprotect`.
#[derive(Args, Debug)]
pub struct UnprotectArguments {
    /// Read and show only (client), or let the cluster judge what would be written (server)
    #[arg(long, value_name = "WHERE", value_enum)]
    pub dry_run: Option<DryRun>,
}

pub(super) const FENCE_EXAMPLES: &str = "\
Examples:
  # The machine was switched off, and its node is gone or not ready
  kubectl mendix fence node-7

  # In a script, for one namespace
  kubectl mendix fence node-7 -n prod --yes

The apps that ran on the node start elsewhere from then on. If the machine still runs and
reaches database or file storage, that is two leaders on one database: only say it of a
machine that is off, or cut off from both for good.";

/// Arguments of `fence`.
#[derive(Args, Debug)]
pub struct FenceArguments {
    /// Node; its object may be gone
    pub node: String,
    /// Answer the question with yes
    #[arg(short, long)]
    pub yes: bool,
    /// Say it even though the node's kubelet reports that it is ready
    #[arg(long)]
    pub force: bool,
    /// Read and show only (client), or let the cluster judge what would be written (server)
    #[arg(long, value_name = "WHERE", value_enum)]
    pub dry_run: Option<DryRun>,
    /// Format: table, wide, json, yaml or name
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: OutputFormat,
}

pub(super) const ADOPT_EXAMPLES: &str = "\
Examples:
  # The database belongs to an environment that is gone, or came with a copy or another cluster
  kubectl mendix adopt shop -n prod

  # The database was restored from a backup of the time when this model ran
  kubectl mendix adopt shop -n prod --restored 0123456789abcdef0123456789abcdef01234567

Models are shown by kubectl mendix status -o wide and by kubectl get databaseclaims -o yaml.";

/// Arguments of `adopt`.
#[derive(Args, Debug)]
pub struct AdoptArguments {
    /// Environment that the database is to belong to
    #[arg(value_name = "ENVIRONMENT", value_parser = app_name)]
    pub name: String,
    /// Say that the database was restored, and which model it fits: that model may start, later ones after it
    #[arg(long, value_name = "MODEL", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub restored: Option<String>,
    /// Answer the question with yes
    #[arg(short, long)]
    pub yes: bool,
    /// Read and show only (client), or let the cluster judge what would be written (server)
    #[arg(long, value_name = "WHERE", value_enum)]
    pub dry_run: Option<DryRun>,
    /// Format of the result: json, yaml or name
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<OutputFormat>,
}
