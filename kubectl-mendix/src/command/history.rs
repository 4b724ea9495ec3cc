//! `kubectl mendix history`: what was rolled out.

use super::status::layout;
use crate::cli::HistoryArguments;
use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::intent::write;
use crate::outcome::Outcome;
use crate::output::{OutputFormat, json, yaml};
use crate::print::history;
use mendix_model::crd::Rollout;
use serde_json::Value;
use std::io::Write as _;

/// Shows the rollouts that an environment remembers.
///
/// # Errors
/// There is no such environment, or it cannot be read.
pub async fn history(arguments: &HistoryArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    let cluster = Cluster::connect(&environment.target).await?;
    let live = write::read(&cluster.client, &cluster.namespace, &arguments.name).await?;
    let rollouts = rollouts(&live)?;
    let layout = layout(arguments.output, environment);
    let now = (environment.now)();
    let out = &mut environment.out.writer;
    match arguments.output {
        OutputFormat::Json => json(&rollouts, out)?,
        OutputFormat::Yaml => yaml(&rollouts, out)?,
        OutputFormat::Name => return Err(Failure::usage("rollouts have numbers, and no names").into()),
        OutputFormat::Table | OutputFormat::Wide if rollouts.is_empty() => {
            environment.note(&format!("nothing of {} was rolled out yet", arguments.name));
        }
        OutputFormat::Table | OutputFormat::Wide => {
            write!(out, "{}", history::history(&rollouts, layout, now))?;
        }
    }
    Ok(Outcome::Done)
}

/// The rollouts of an environment as it was read.
pub(super) fn rollouts(live: &Value) -> Result<Vec<Rollout>, Failure> {
    let known = live["status"]["rollouts"].clone();
    if known.is_null() {
        return Ok(Vec::new());
    }
    serde_json::from_value(known).map_err(|error| {
        Failure::new(format!(
            "failed to understand the rollouts of an environment: {error}"
        ))
    })
}
