//! What is refused before anything is done: rules with stable ids, run by plugin, webhook and controller alike.
//!
//! [`RULES`] is the one list; documentation reads statement and remedy from it.

mod case;
mod disruption_budget;
mod endpoint_fields;
mod fitting_role;
mod forced_deletion;
mod guarded_command;
mod in_memory_replicas;
mod java_tool_options;
mod leader_recreates;
mod leader_replicas;
mod leader_scaler;
mod leaderless_version;
mod led_workers;
mod malformed_fields;
mod named_database;
mod one_database;
mod one_leader;
mod one_mode;
mod one_plan_each;
mod own_database;
mod reserved_name;
mod tls_source;
mod unlabelled;

pub use case::{Case, Deletion};
pub use guarded_command::unguardable;
pub use in_memory_replicas::in_memory_replicas;

use crate::crd::MendixApp;
use crate::manifest::{Scaler, Workload};

/// A "no", with everything a person needs.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Violation {
    /// Stable id, such as `MX100`.
    pub rule: &'static str,
    /// What follows from it.
    pub severity: Severity,
    /// Path of the field.
    pub field: String,
    /// What is wrong and what to do. Never the value of a secret.
    pub message: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}: {}", self.rule, self.field, self.message)
    }
}

/// What follows from a violation.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// It is refused.
    Refusal,
    /// It is told, and goes on: the gate holds what would do harm, or nothing does.
    Warning,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// An app.
    App(fn(&Rule, &MendixApp) -> Vec<Violation>),
    /// A workload of plain manifests, among others.
    Workload(fn(&Rule, &Case<'_>) -> Option<Violation>),
    /// What changes the number of a workload's pods.
    Scaler(fn(&Rule, &Scaler, &[&Workload]) -> Option<Violation>),
    /// The deletion of a pod.
    Deletion(fn(&Rule, &Deletion<'_>) -> Option<Violation>),
    /// A manifest alone does not tell; the controller looks at what is there.
    Elsewhere,
}

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Stable id.
    pub id: &'static str,
    /// Path of the field that it is about, or of the first one.
    pub field: &'static str,
    /// What holds.
    pub statement: &'static str,
    /// What happens when it does not.
    pub evidence: &'static str,
    /// What to do when it does not.
    pub remedy: &'static str,
    /// What follows when it does not.
    pub severity: Severity,
    /// What finds it out.
    pub check: Check,
}

impl Rule {
    /// The violation in the rule's own words.
    fn violation(&self) -> Violation {
        self.because(self.statement)
    }

    /// The violation with what was found, and the rule's remedy.
    fn because(&self, found: &str) -> Violation {
        self.saying(format!("{found}: {}", self.remedy))
    }

    /// The violation in words that hold a remedy of their own.
    fn saying(&self, message: String) -> Violation {
        Violation {
            rule: self.id,
            severity: self.severity,
            field: self.field.to_owned(),
            message,
        }
    }

    /// The violation, when it is one.
    fn when(&self, violated: bool) -> Vec<Violation> {
        violated.then(|| self.violation()).into_iter().collect()
    }
}

/// All rules, in order of their ids.
pub const RULES: &[Rule] = &[
    leader_recreates::RULE,
    leader_replicas::RULE,
    leader_scaler::RULE,
    one_leader::RULE,
    own_database::RULE,
    one_database::RULE,
    fitting_role::RULE,
    named_database::RULE,
    one_mode::RULE,
    led_workers::RULE,
    unlabelled::RULE,
    forced_deletion::RULE,
    guarded_command::RULE,
    reserved_name::RULE,
    disruption_budget::RULE,
    tls_source::RULE,
    malformed_fields::JSON,
    malformed_fields::BASE64,
    malformed_fields::VALUE,
    java_tool_options::RULE,
    leaderless_version::RULE,
    in_memory_replicas::RULE,
    one_plan_each::RULE,
    endpoint_fields::RULE,
];

/// Runs every rule about apps and reports all violations, not just the first.
pub fn review(app: &MendixApp) -> Vec<Violation> {
    let of_rule = |rule: &Rule| match rule.check {
        Check::App(check) => check(rule, app),
        _ => Vec::new(),
    };
    RULES.iter().flat_map(of_rule).collect()
}

/// The same for a workload among others.
pub fn review_workload(case: &Case<'_>) -> Vec<Violation> {
    let of_rule = |rule: &Rule| match rule.check {
        Check::Workload(check) => check(rule, case),
        _ => None,
    };
    RULES.iter().filter_map(of_rule).collect()
}

/// The same for what changes the number of a workload's pods.
pub fn review_scaler(scaler: &Scaler, workloads: &[&Workload]) -> Vec<Violation> {
    let of_rule = |rule: &Rule| match rule.check {
        Check::Scaler(check) => check(rule, scaler, workloads),
        _ => None,
    };
    RULES.iter().filter_map(of_rule).collect()
}

/// The same for the deletion of a pod.
pub fn review_deletion(deletion: &Deletion<'_>) -> Vec<Violation> {
    let of_rule = |rule: &Rule| match rule.check {
        Check::Deletion(check) => check(rule, deletion),
        _ => None,
    };
    RULES.iter().filter_map(of_rule).collect()
}

#[cfg(test)]
mod sentences_tests;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Ids of the rules that an app with this spec violates.
    pub(crate) fn violated(spec: &Value) -> Vec<&'static str> {
        let app = json!({
            "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "MendixApp", "metadata": {"name": "shop"}, "spec": spec,
        });
        let app: MendixApp = serde_json::from_value(app).expect("an app");
        review(&app).iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn ids_are_in_order_and_each_is_there_once() {
        let ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
    }

    #[test]
    fn every_rule_has_words() {
        for rule in RULES {
            assert!(
                ![rule.field, rule.statement, rule.evidence, rule.remedy].contains(&""),
                "{}",
                rule.id
            );
        }
    }

    #[test]
    fn an_app_without_settings_violates_nothing() {
        assert!(violated(&json!({})).is_empty());
    }
}
