//! Arguments of `explain`.

use crate::output::OutputFormat;
use clap::Args;

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  # Why a pod waits, after kubectl mendix status has named the rule
  kubectl mendix explain MX011

  # All rules
  kubectl mendix explain";

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub struct ExplainArguments {
    /// Id of the rule, such as MX011; a list of all when absent
    #[arg(value_name = "RULE")]
    pub rule: Option<String>,
    /// Format: table, wide, json, yaml or name
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: OutputFormat,
}
