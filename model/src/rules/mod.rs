//! What is refused before anything is done: rules with stable ids, run by plugin, webhook and controller alike.

mod reserved_name;

use crate::crd::MendixApp;

/// A "no", with everything a person needs.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Violation {
    /// Stable id, such as `MX100`.
    pub rule: &'static str,
    /// Path of the field.
    pub field: &'static str,
    /// What is wrong and what to do. Never the value of a secret.
    pub message: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}: {}", self.rule, self.field, self.message)
    }
}

/// One rule on one app.
type Rule = fn(&MendixApp) -> Vec<Violation>;

const RULES: &[Rule] = &[reserved_name::reserved_name];

/// Runs every rule and reports all violations, not just the first.
pub fn review(app: &MendixApp) -> Vec<Violation> {
    RULES.iter().flat_map(|rule| rule(app)).collect()
}
