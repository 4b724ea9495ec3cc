//! Findings for scripts, which rely on the form.

use super::{Checked, Finding};
use mendix_model::rules::Severity;
use serde::Serialize;

/// The whole document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report<'a> {
    judged: usize,
    violations: usize,
    warnings: usize,
    findings: Vec<Entry<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    rule: &'static str,
    severity: &'static str,
    file: &'a str,
    line: u64,
    document: usize,
    object: &'a str,
    field: &'a str,
    message: &'a str,
}

/// The form of `-o json`.
pub fn report(checked: &Checked) -> Report<'_> {
    Report {
        judged: checked.judged,
        violations: checked.count(Severity::Refusal),
        warnings: checked.count(Severity::Warning),
        findings: checked.findings.iter().map(entry).collect(),
    }
}

fn entry(finding: &Finding) -> Entry<'_> {
    let violation = &finding.violation;
    Entry {
        rule: violation.rule,
        severity: match violation.severity {
            Severity::Refusal => "violation",
            Severity::Warning => "warning",
        },
        file: &finding.place.file,
        line: finding.place.line,
        document: finding.place.document,
        object: &finding.object,
        field: &violation.field,
        message: &violation.message,
    }
}
