//! `kubectl mendix explain`: what a rule says, why, and what to do. No cluster is asked.

use crate::cli::ExplainArguments;
use crate::command::status::layout;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::output::{OutputFormat, json, yaml};
use crate::print::{Row, columns};
use crate::view::Health;
use mendix_model::explanation::{Explanation, explanation, explanations};
use std::io::Write as _;

/// Explains one rule, or lists all.
///
/// # Errors
/// There is no such rule, or stdout is closed.
pub fn explain(arguments: &ExplainArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    match &arguments.rule {
        Some(id) => one(&found(id)?, arguments.output, environment)?,
        None => all(&explanations(), arguments.output, environment)?,
    }
    Ok(Outcome::Done)
}

fn found(id: &str) -> Result<Explanation, Failure> {
    explanation(id).ok_or_else(|| {
        Failure::usage(format!("there is no rule {id}")).hint("kubectl mendix explain lists all rules")
    })
}

fn one(rule: &Explanation, format: OutputFormat, environment: &mut Environment) -> anyhow::Result<()> {
    let out = &mut environment.out.writer;
    match format {
        OutputFormat::Json => json(rule, out),
        OutputFormat::Yaml => yaml(rule, out),
        OutputFormat::Name => Ok(writeln!(out, "{}", rule.id)?),
        OutputFormat::Table | OutputFormat::Wide => Ok(write!(out, "{}", text(rule))?),
    }
}

fn all(rules: &[Explanation], format: OutputFormat, environment: &mut Environment) -> anyhow::Result<()> {
    let layout = layout(format, environment);
    let out = &mut environment.out.writer;
    match format {
        OutputFormat::Json => json(&rules, out),
        OutputFormat::Yaml => yaml(&rules, out),
        OutputFormat::Name => Ok(rules.iter().try_for_each(|rule| writeln!(out, "{}", rule.id))?),
        OutputFormat::Table | OutputFormat::Wide => {
            let rows = rules.iter().map(|rule| row(rule, layout.wide)).collect();
            let header: &[_] = if layout.wide {
                &["RULE", "ENFORCED BY", "STATEMENT"]
            } else {
                &["RULE", "STATEMENT"]
            };
            Ok(write!(out, "{}", columns(header, 0, rows, layout))?)
        }
    }
}

fn row(rule: &Explanation, wide: bool) -> Row {
    let enforced = Some(rule.enforced.words().to_owned()).filter(|_| wide);
    let cells = [
        Some(rule.id.to_owned()),
        enforced,
        Some(rule.statement.to_owned()),
    ];
    Row {
        cells: cells.into_iter().flatten().collect(),
        health: Health::Unknown,
    }
}

fn text(rule: &Explanation) -> String {
    format!(
        "{}: {}\n\nWhy:         {}\nWhat to do:  {}.\nEnforced by: {}.\n",
        rule.id,
        rule.statement.trim_end_matches('.'),
        rule.evidence,
        rule.remedy,
        rule.enforced.words()
    )
}
