//! The command line: clap types and nothing else, so that documentation and completion come from the same source.

mod check;
mod dry_run;
mod explain;
mod gate;
mod intent;
mod rebase;
mod rollout;

pub use check::{CheckArguments, CheckFormat};
pub use dry_run::DryRun;
pub use explain::ExplainArguments;
pub use gate::{AdoptArguments, FenceArguments, ProtectArguments, UnprotectArguments};
pub use intent::{IntentArguments, ReplaceArguments, RetryArguments};
pub use rebase::RebaseArguments;
pub use rollout::{HistoryArguments, PlanArguments, SafeRolloutArguments, UndoArguments, WaitArguments};

use crate::output::OutputFormat;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;
use mendix_tasks::build::Compression;
use std::path::PathBuf;
use std::time::Duration;

const EXIT_CODES: &str = "\
Exit codes:
  0  done, or healthy
  1  failed
  2  wrong usage
  3  degraded, or not ready in time
  4  refused, because it would break an invariant
  10 of plan: there is something to do";

/// Runs Mendix apps on Kubernetes without corrupting their data.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-mendix",
    bin_name = "kubectl mendix",
    version,
    after_help = EXIT_CODES,
    disable_help_subcommand = true,
    max_term_width = 110
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArguments,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command, named as kubectl names them.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArguments {
    /// Namespace; that of the context when absent
    #[arg(short, long, global = true)]
    pub namespace: Option<String>,
    /// Context of the kubeconfig; the current one when absent
    #[arg(long, global = true)]
    pub context: Option<String>,
    /// Kubeconfig file; $KUBECONFIG or ~/.kube/config when absent
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Print results and errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Log requests to stderr; twice for more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to use colours.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        help = "Colours; auto has them on a terminal, unless $NO_COLOR is set"
    )]
    pub color: ColourChoice,
    /// How long --wait and --watch go on, such as 90s or 10m
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
}

/// See [`GlobalArguments::color`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum ColourChoice {
    // No doc comments: clap would print the help of every command in its long form for them.
    #[default]
    Auto,
    Always,
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create or change an app, and wait until it serves
    #[command(after_help = DEPLOY_EXAMPLES)]
    Deploy(Box<DeployArguments>),
    /// Show apps and environments, or one with everything it is made of
    #[command(after_help = STATUS_EXAMPLES)]
    Status(StatusArguments),
    /// Guard the apps of a namespace, and show what the guard makes of them
    #[command(after_help = gate::PROTECT_EXAMPLES)]
    Protect(ProtectArguments),
    /// Guard the apps of a namespace no longer
    #[command(after_help = gate::UNPROTECT_EXAMPLES)]
    Unprotect(UnprotectArguments),
    /// Say that a node is off for good, so that the apps that ran on it go on
    #[command(after_help = gate::FENCE_EXAMPLES)]
    Fence(FenceArguments),
    /// Take a database over, or say that it was restored
    #[command(after_help = gate::ADOPT_EXAMPLES)]
    Adopt(AdoptArguments),
    /// Let no pod of an app run, whatever its manifest says
    #[command(after_help = intent::STOP_EXAMPLES)]
    Stop(IntentArguments),
    /// Let an app run again that was stopped
    #[command(after_help = intent::START_EXAMPLES)]
    Start(IntentArguments),
    /// Roll nothing out for a while
    #[command(after_help = intent::PAUSE_EXAMPLES)]
    Pause(IntentArguments),
    /// Roll out what was changed in a pause
    #[command(after_help = intent::RESUME_EXAMPLES)]
    Resume(IntentArguments),
    /// Replace all pods of an app while somebody serves
    #[command(after_help = intent::RESTART_EXAMPLES)]
    Restart(ReplaceArguments),
    /// Give the pods of an app the defaults of the release that is installed
    #[command(after_help = intent::REFRESH_EXAMPLES)]
    Refresh(ReplaceArguments),
    /// Roll another package or image out, and end when it serves or cannot go on
    #[command(after_help = rollout::SAFE_ROLLOUT_EXAMPLES)]
    SafeRollout(Box<SafeRolloutArguments>),
    /// Show what a change would do, step by step, and write nothing
    #[command(after_help = rollout::PLAN_EXAMPLES)]
    Plan(Box<PlanArguments>),
    /// Show what was rolled out, by whom, and how long nothing served
    #[command(after_help = rollout::HISTORY_EXAMPLES)]
    History(HistoryArguments),
    /// Go back to the model that ran before, while the database fits it
    #[command(after_help = rollout::UNDO_EXAMPLES)]
    Undo(UndoArguments),
    /// Wait until an app or an environment is ready
    #[command(after_help = rollout::WAIT_EXAMPLES)]
    Wait(WaitArguments),
    /// Run the failed tasks of an app again
    #[command(after_help = intent::RETRY_EXAMPLES)]
    Retry(RetryArguments),
    /// Put the images of apps on another base image, without their packages
    #[command(after_help = rebase::REBASE_EXAMPLES)]
    Rebase(RebaseArguments),
    /// Judge manifests by the rules of the webhook, without a cluster
    #[command(after_help = check::CHECK_EXAMPLES)]
    Check(CheckArguments),
    /// Say what a rule such as MX011 is about, why it is there, and what to do
    #[command(after_help = explain::EXPLAIN_EXAMPLES)]
    Explain(ExplainArguments),
    /// Print a completion script
    #[command(after_help = COMPLETION_EXAMPLES)]
    Completion(CompletionArguments),
}

const STATUS_EXAMPLES: &str = "\
Examples:
  # All apps and environments of plain manifests: of the namespace, then of all namespaces
  kubectl mendix status
  kubectl mendix status -A

  # One app as a tree: storage, build, endpoint, runtime, pods; an environment: claim, pods.
  # A pod that waits at the gate says by which rule, and which command helps
  kubectl mendix status shop

  # Follow an app until it is ready (exit code 0) or stalled (3)
  kubectl mendix status shop --watch --timeout 5m

  # For scripts
  kubectl mendix status shop -o json | jq -r .url
  kubectl mendix status tills -o json | jq -r '.pods[].held.rule // empty'";

/// Arguments of `status`.
#[derive(Args, Debug)]
pub struct StatusArguments {
    /// App, or environment of plain manifests; all of the namespace when absent
    #[arg(value_parser = app_name)]
    pub name: Option<String>,
    /// Apps and environments of all namespaces
    #[arg(short = 'A', long, conflicts_with_all = ["name", "namespace"])]
    pub all_namespaces: bool,
    /// Follow until all is ready or stalled, or the timeout is over
    #[arg(short, long)]
    pub watch: bool,
    /// Format: table, wide, json, yaml or name
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: OutputFormat,
}

const DEPLOY_EXAMPLES: &str = "\
Examples:
  # A package that the cluster downloads and builds; wait until it serves
  kubectl mendix deploy shop --source-url https://example.com/shop.mda --database-plan postgres \\
    --storage-plan files --wait

  # A local package, built and pushed from here
  kubectl mendix deploy shop --package shop.mda --registry registry.example.com/apps --wait

  # Change one thing; everything else stays as it is
  kubectl mendix deploy shop --replicas 3
  kubectl mendix deploy shop --constant Orders.Endpoint=https://orders.example.com

  # A manifest is the whole wish: what deploy set before and the manifest lacks is taken away
  kubectl mendix deploy -f shop.yaml

  # What would be sent, without a cluster; then what the cluster would make of it
  kubectl mendix deploy -f shop.yaml --dry-run=client -o yaml
  kubectl mendix deploy -f shop.yaml --dry-run=server -o yaml";

/// Arguments of `deploy`.
#[derive(Args, Debug, Default)]
pub struct DeployArguments {
    /// App
    #[arg(required_unless_present = "filename", value_parser = app_name)]
    pub name: Option<String>,
    /// Manifests of apps in a file, - for stdin; other options go on top of them
    #[arg(short, long, value_name = "FILE")]
    pub filename: Vec<PathBuf>,
    /// Show what would be sent (client: without a cluster), or what the cluster would make of it (server)
    #[arg(long, value_name = "WHERE", value_enum)]
    pub dry_run: Option<DryRun>,
    /// Take over fields that somebody else set
    #[arg(long)]
    pub force_conflicts: bool,
    /// Follow until the app is ready, and print its URL
    #[arg(long, conflicts_with = "dry_run")]
    pub wait: bool,
    /// Format of the result: json, yaml or name
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<OutputFormat>,
    /// What runs, and where.
    #[command(flatten)]
    pub source: SourceArguments,
    /// Settings of the app.
    #[command(flatten)]
    pub settings: SettingArguments,
}

/// Where the app comes from: at most one of package address, package file and image.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Source")]
pub struct SourceArguments {
    /// Address of a deployment package, or oci-image:// and an image that was built before
    #[arg(long, value_name = "URL", group = "source")]
    pub source_url: Option<String>,
    /// Deployment package (.mda) that is built and pushed from here
    #[arg(long, value_name = "FILE", group = "source", conflicts_with = "dry_run")]
    pub package: Option<PathBuf>,
    /// Image that was built before
    #[arg(long, value_name = "REF", group = "source")]
    pub image: Option<String>,
    /// Host and path that --package pushes below; registry.pushURL of the operator configuration when absent
    #[arg(long, value_name = "REF", requires = "package")]
    pub registry: Option<String>,
    /// The same place as the nodes see it; --registry, or registry.pullURL, when absent
    #[arg(long, value_name = "REF", requires = "package")]
    pub pull_registry: Option<String>,
    /// Base image of --package; buildRuntimeBaseImage of the operator configuration when absent
    #[arg(long, value_name = "TEMPLATE", requires = "package")]
    pub base_image: Option<String>,
    /// Architecture of the nodes, such as amd64: which base image --package takes; this machine's when absent
    #[arg(long, value_name = "ARCH", requires = "package")]
    pub architecture: Option<String>,
    /// Talk plain HTTP to the registry
    #[arg(long, requires = "package")]
    pub insecure_registry: bool,
    /// How layers are compressed: reuse (as they are in the package), gzip-recompress or zstd; reuse when absent
    #[arg(long, value_name = "WAY", requires = "package")]
    pub compression: Option<Compression>,
}

/// Settings of the app. What is left out stays as it is.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub struct SettingArguments {
    /// Storage plan of the database; for a new app the only one there is, when absent
    #[arg(long, value_name = "PLAN")]
    pub database_plan: Option<String>,
    /// Storage plan of the files; for a new app the only one there is, when absent
    #[arg(long, value_name = "PLAN")]
    pub storage_plan: Option<String>,
    /// Number of pods; 0 stops the app
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    pub replicas: Option<i32>,
    /// Host name of the app
    #[arg(long, value_name = "HOST")]
    pub app_url: Option<String>,
    /// P for production, D for development
    #[arg(long, value_name = "MODE", value_parser = ["P", "D"])]
    pub dtap_mode: Option<String>,
    /// Value of a constant; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = key_value)]
    pub constant: Vec<(String, String)>,
    /// Environment variable of the runtime; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = key_value)]
    pub env: Vec<(String, String)>,
}

const COMPLETION_EXAMPLES: &str = "\
Examples:
  # Bash, for the command kubectl-mendix
  source <(kubectl mendix completion bash)";

/// Arguments of `completion`.
#[derive(Args, Debug)]
pub struct CompletionArguments {
    /// Shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text
        .parse()
        .map_err(|_| "not a duration: write it like 90s, 10m or 1h30m".to_owned())?;
    Duration::try_from(duration).map_err(|_| "a duration cannot be negative".to_owned())
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

/// A name as Kubernetes takes it (RFC 1123 label): it becomes part of the names of everything made for the app.
fn app_name(text: &str) -> Result<String, String> {
    let allowed = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let inside = |character: char| allowed(character) || character == '-';
    if text.chars().all(inside) && text.starts_with(allowed) && text.ends_with(allowed) && text.len() <= 63 {
        return Ok(text.to_owned());
    }
    Err(
        "a name has lower-case letters, digits and dashes, and begins and ends with a letter or digit"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use rstest::rstest;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[rstest]
    #[case::seconds("90s", Some(90))]
    #[case::mixed("1h30m", Some(5400))]
    #[case::bare("90", None)]
    #[case::negative("-5s", None)]
    fn durations_are_written_with_units(#[case] text: &str, #[case] seconds: Option<u64>) {
        assert_eq!(duration(text).ok().map(|it| it.as_secs()), seconds);
    }

    #[rstest]
    #[case::equals_in_the_value("A.B=c=d", Some(("A.B", "c=d")))]
    #[case::empty_value("A=", Some(("A", "")))]
    #[case::no_key("=b", None)]
    #[case::no_equals("A", None)]
    fn pairs_are_split_at_the_first_equals(#[case] text: &str, #[case] expected: Option<(&str, &str)>) {
        let pair = key_value(text).ok();
        assert_eq!(
            pair.as_ref().map(|(key, value)| (key.as_str(), value.as_str())),
            expected
        );
    }

    #[rstest]
    #[case::good("shop-2", true)]
    #[case::upper_case("Shop", false)]
    #[case::path("a/b", false)]
    #[case::dash_at_the_end("shop-", false)]
    #[case::empty("", false)]
    fn names_are_labels(#[case] name: &str, #[case] good: bool) {
        assert_eq!(app_name(name).is_ok(), good);
    }
}
