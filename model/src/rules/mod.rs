//! What is refused before anything is done: rules with stable ids, run by plugin, webhook and controller alike.
//!
//! [`RULES`] is the one list; documentation reads statement and remedy from it.

mod disruption_budget;
mod in_memory_replicas;
mod java_tool_options;
mod leaderless_version;
mod malformed_fields;
mod one_plan_each;
mod reserved_name;
mod tls_source;

pub use in_memory_replicas::in_memory_replicas;

use crate::crd::MendixApp;

/// A "no", with everything a person needs.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Violation {
    /// Stable id, such as `MX100`.
    pub rule: &'static str,
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
    /// Looks at an app; nothing where an app alone does not tell, and the controller looks at what is there.
    pub check: Option<fn(&Self, &MendixApp) -> Vec<Violation>>,
}

impl Rule {
    /// The violation in the rule's own words.
    fn violation(&self) -> Violation {
        Violation {
            rule: self.id,
            field: self.field.to_owned(),
            message: format!("{}: {}", self.statement, self.remedy),
        }
    }

    /// The violation, when it is one.
    fn when(&self, violated: bool) -> Vec<Violation> {
        violated.then(|| self.violation()).into_iter().collect()
    }
}

/// All rules, in order of their ids.
pub const RULES: &[Rule] = &[
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
];

/// Runs every rule and reports all violations, not just the first.
pub fn review(app: &MendixApp) -> Vec<Violation> {
    RULES
        .iter()
        .filter_map(|rule| Some(rule.check?(rule, app)))
        .flatten()
        .collect()
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
