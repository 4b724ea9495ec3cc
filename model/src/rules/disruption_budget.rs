use super::{Check, Rule, Severity, Violation};
use crate::crd::MendixApp;

/// A `PodDisruptionBudget` takes one of the two (Mendix documentation, "Reduced downtime deployment").
pub(super) const RULE: Rule = Rule {
    id: "MX101",
    field: "spec.podDisruptionBudget",
    statement: "minAvailable and maxUnavailable exclude one another",
    evidence: "The API server refuses a PodDisruptionBudget with both, so the app would have none.",
    remedy: "keep one of the two",
    severity: Severity::Refusal,
    check: Check::App(check),
};

fn check(rule: &Rule, app: &MendixApp) -> Vec<Violation> {
    let budget = app.spec.pod_disruption_budget.as_ref();
    rule.when(budget.is_some_and(|it| it.min_available.is_some() && it.max_unavailable.is_some()))
}

#[cfg(test)]
mod tests {
    use crate::rules::tests::violated;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::both(json!({"minAvailable": 1, "maxUnavailable": "50%"}), &["MX101"])]
    #[case::one(json!({"minAvailable": 1}), &[])]
    #[case::other(json!({"maxUnavailable": 1}), &[])]
    #[case::neither(json!({}), &[])]
    fn one_of_the_two_is_taken(#[case] budget: Value, #[case] expected: &[&str]) {
        assert_eq!(violated(&json!({"podDisruptionBudget": budget})), expected);
    }
}
