//! How a declaration that was written into an environment is told.

use crate::cli::DryRun;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::intent::object_name;
use crate::output::{OutputFormat, json, yaml};
use serde_json::Value;
use std::io::Write as _;

/// Whether a declaration can be told so; `command` names it in the error.
pub(super) fn check_format(command: &str, format: Option<OutputFormat>) -> Result<(), Failure> {
    match format {
        Some(OutputFormat::Table | OutputFormat::Wide) => Err(Failure::usage(format!(
            "what was {command} is printed as json, yaml or name"
        ))),
        _ => Ok(()),
    }
}

/// The environment as it is then, or one line as kubectl says it.
pub(super) fn print(
    written: &Value,
    name: &str,
    done: &str,
    dry_run: Option<DryRun>,
    format: Option<OutputFormat>,
    environment: &mut Environment,
) -> anyhow::Result<()> {
    let name = object_name(name);
    let out = &mut environment.out.writer;
    match format {
        Some(OutputFormat::Json) => json(written, out),
        Some(OutputFormat::Yaml) => yaml(written, out),
        Some(OutputFormat::Name) => Ok(writeln!(out, "{name}")?),
        _ => Ok(writeln!(out, "{name} {done}{}", DryRun::suffix(dry_run))?),
    }
}
