//! Findings for people: one a line, in the form that editors jump by.

use super::{Checked, Finding};
use mendix_model::rules::Severity;
use std::fmt::Write as _;

/// `shop.yaml:12: document 2: Deployment prod/shop: MX030 spec.strategy.type: …`.
pub fn lines(checked: &Checked) -> String {
    let mut text = String::new();
    for finding in &checked.findings {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", line(finding));
    }
    text
}

fn line(finding: &Finding) -> String {
    let Finding {
        place,
        object,
        violation,
    } = finding;
    let prefix = match violation.severity {
        Severity::Refusal => "",
        Severity::Warning => "warning: ",
    };
    format!("{place}: {object}: {prefix}{violation}")
}

/// How much was judged, and what came of it.
pub fn summary(checked: &Checked, files: usize) -> String {
    format!(
        "{} in {}: {}, {}",
        count(checked.judged, "app or workload", "apps and workloads"),
        count(files, "file", "files"),
        count(checked.count(Severity::Refusal), "violation", "violations"),
        count(checked.count(Severity::Warning), "warning", "warnings"),
    )
}

fn count(number: usize, one: &str, several: &str) -> String {
    match number {
        0 => format!("no {several}"),
        1 => format!("1 {one}"),
        _ => format!("{number} {several}"),
    }
}
