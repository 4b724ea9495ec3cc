use super::{Case, Check, Rule, Severity, Violation};
use crate::manifest::Kind;

/// What a Deployment does when nothing says otherwise is `RollingUpdate` (Kubernetes documentation, "Deployments").
pub(super) const RULE: Rule = Rule {
    id: "MX030",
    field: "spec.strategy.type",
    statement: "a Deployment that leads has strategy Recreate",
    evidence: "With RollingUpdate the new leader is made before the old one ends. The gate holds it, and the rollout \
               only goes on because the old one is taken away by hand or by the controller.",
    remedy: "set spec.strategy.type to Recreate and remove spec.strategy.rollingUpdate",
    severity: Severity::Refusal,
    check: Check::Workload(check),
};

fn check(rule: &Rule, case: &Case<'_>) -> Option<Violation> {
    let workload = case.workload;
    let rolls = workload.kind == Kind::Deployment && !workload.recreates;
    (workload.leads_wholly() && rolls).then(|| rule.violation())
}

#[cfg(test)]
mod tests {
    use crate::rules::case::tests::{object, read, violated};
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::recreate("Deployment", "leader", json!({"type": "Recreate"}), &[])]
    #[case::rolling("Deployment", "leader", json!({"type": "RollingUpdate"}), &["MX030"])]
    #[case::default("Deployment", "leader", json!(null), &["MX030"])]
    #[case::set("StatefulSet", "leader", json!(null), &[])]
    #[case::worker("Deployment", "worker", json!(null), &["MX039"])]
    fn a_leader_never_rolls(
        #[case] kind: &str,
        #[case] role: &str,
        #[case] strategy: Value,
        #[case] expected: &[&str],
    ) {
        let mut object = object(kind, "shop", role, "shop");
        object["spec"]["strategy"] = strategy;
        assert_eq!(violated(&[read(&object)]), expected);
    }
}
