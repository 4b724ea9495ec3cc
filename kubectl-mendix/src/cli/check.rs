//! Arguments of `check`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

pub(super) const CHECK_EXAMPLES: &str = "\
Examples:
  # What the webhook would refuse, without a cluster; exit code 4 when it would
  kubectl mendix check -f deploy/

  # What a chart makes, in a pipeline
  helm template shop ./chart | kubectl mendix check -f - -n prod

  # All folders below, as a report for code scanning
  kubectl mendix check -R -f deploy/ -o sarif > check.sarif

All files are judged together: two leaders in two files are found. Objects of other kinds
are passed over.";

/// Arguments of `check`.
#[derive(Args, Debug)]
pub struct CheckArguments {
    /// File of manifests, folder of such files (.yaml, .yml, .json), or - for stdin; may be repeated
    #[arg(short, long, value_name = "FILE", required = true)]
    pub filename: Vec<PathBuf>,
    /// Folders in folders as well
    #[arg(short = 'R', long)]
    pub recursive: bool,
    /// Format of the result
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub output: CheckFormat,
}

/// See [`CheckArguments::output`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum CheckFormat {
    // No doc comments: clap would print the help of the command in its long form for them.
    #[default]
    Text,
    Json,
    Sarif,
}
