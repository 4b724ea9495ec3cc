//! Findings for code scanning: "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", an OASIS standard.

use super::{Checked, Finding};
use mendix_model::rules::{RULES, Rule, Severity};
use serde_json::{Value, json};
use std::fmt::Write as _;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";

/// The form of `-o sarif`: one run, with every rule that there is.
pub fn report(checked: &Checked) -> Value {
    let rules: Vec<_> = RULES.iter().map(rule).collect();
    let results: Vec<_> = checked.findings.iter().map(result).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "kubectl-mendix",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.statement },
        "fullDescription": { "text": rule.evidence },
        "help": { "text": format!("{}.", rule.remedy) },
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

fn result(finding: &Finding) -> Value {
    let violation = &finding.violation;
    let mut result = json!({
        "ruleId": violation.rule,
        "level": level(violation.severity),
        "message": { "text": format!("{}: {}: {}", finding.object, violation.field, violation.message) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&finding.place.file) },
                "region": { "startLine": finding.place.line },
            },
            "logicalLocations": [{ "fullyQualifiedName": finding.object, "kind": "object" }],
        }],
    });
    if let Some(index) = RULES.iter().position(|rule| rule.id == violation.rule) {
        result["ruleIndex"] = index.into();
    }
    result
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Refusal => "error",
        Severity::Warning => "warning",
    }
}

/// A file as a relative reference of RFC 3986.
fn uri(file: &str) -> String {
    let mut uri = String::new();
    for byte in file.trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Place, judge, source::Document};

    fn checked() -> Checked {
        let value = json!({
            "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "MendixApp",
            "metadata": {"name": "mendix-x"},
            "spec": {"podDisruptionBudget": {"minAvailable": 1, "maxUnavailable": 1}},
        });
        let place = Place {
            file: "./my apps/shop.yaml".to_owned(),
            line: 3,
            document: 2,
        };
        judge(&[Document { place, value }], "prod")
    }

    /// Sections 3.13, 3.14, 3.18, 3.19, 3.27, 3.28 to 3.30, 3.49 and 3.11 of the standard: the properties that it
    /// demands, and what it says of the values that are used here.
    #[test]
    fn the_report_is_what_the_standard_demands() {
        let report = report(&checked());
        assert_eq!(report["version"], "2.1.0");
        assert!(
            report["$schema"]
                .as_str()
                .is_some_and(|it| it.ends_with("sarif-schema-2.1.0.json"))
        );
        let run = &report["runs"][0];
        let driver = &run["tool"]["driver"];
        assert!(driver["name"].as_str().is_some_and(|name| !name.is_empty()));
        let rules = driver["rules"].as_array().expect("rules");
        for rule in rules {
            assert!(rule["id"].is_string(), "{rule}");
            for message in ["shortDescription", "fullDescription", "help"] {
                assert!(rule[message]["text"].is_string(), "{rule}");
            }
        }
        let ids: std::collections::BTreeSet<_> = rules.iter().map(|rule| rule["id"].as_str()).collect();
        assert_eq!(ids.len(), rules.len(), "an id may stand for one rule only");
        let results = run["results"].as_array().expect("results");
        assert_eq!(results.len(), 2);
        for result in results {
            is_a_result(result, rules);
        }
    }

    fn is_a_result(result: &Value, rules: &[Value]) {
        assert!(
            result["message"]["text"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{result}"
        );
        let levels = ["none", "note", "warning", "error"];
        assert!(
            levels.contains(&result["level"].as_str().unwrap_or_default()),
            "{result}"
        );
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("index")).expect("index");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let location = &result["locations"][0]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uri"], "my%20apps/shop.yaml");
        assert!(
            location["region"]["startLine"]
                .as_u64()
                .is_some_and(|line| line >= 1),
            "{result}"
        );
    }

    #[test]
    fn a_report_without_findings_still_has_its_results() {
        let report = report(&Checked::default());
        assert_eq!(report["runs"][0]["results"], json!([]));
    }
}
