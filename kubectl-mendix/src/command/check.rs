//! `kubectl mendix check`: what the webhook would say of manifests. No cluster is asked.

use crate::check::{Checked, Problem, json, judge, sarif, source, text};
use crate::cli::{CheckArguments, CheckFormat};
use crate::environment::Environment;
use crate::outcome::Outcome;
use std::io::Write as _;

/// Namespace of what names none.
const NAMESPACE: &str = "default";

/// Reads, judges and prints.
///
/// # Errors
/// A folder cannot be listed, or stdout is closed.
pub fn check(arguments: &CheckArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    let files = source::files(&arguments.filename, arguments.recursive)?;
    let (documents, mut problems) = source::documents(&files);
    let namespace = environment.target.namespace.as_deref().unwrap_or(NAMESPACE);
    let checked = judge(&documents, namespace);
    problems.extend(checked.problems.iter().cloned());
    print(&checked, arguments.output, environment)?;
    environment.note(&text::summary(&checked, files.len()));
    for problem in &problems {
        environment.error(&problem.to_string());
    }
    Ok(outcome(&checked, &problems))
}

fn print(checked: &Checked, format: CheckFormat, environment: &mut Environment) -> anyhow::Result<()> {
    let out = &mut environment.out.writer;
    match format {
        CheckFormat::Text => Ok(write!(out, "{}", text::lines(checked))?),
        CheckFormat::Json => crate::output::json(&json::report(checked), out),
        CheckFormat::Sarif => crate::output::json(&sarif::report(checked), out),
    }
}

/// What could not be read might be wrong as well, so it counts first.
fn outcome(checked: &Checked, problems: &[Problem]) -> Outcome {
    if !problems.is_empty() {
        Outcome::Failed
    } else if checked.refuses() {
        Outcome::Refused
    } else {
        Outcome::Done
    }
}
