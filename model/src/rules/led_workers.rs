use super::{Case, Check, Rule, Severity, Violation};

/// A warning: workers may be applied before their leader.
pub(super) const RULE: Rule = Rule {
    id: "MX039",
    field: "spec.template.metadata.labels",
    statement: "an environment with workers has a workload that leads",
    evidence: "Only a leader updates the schema and runs scheduled events. Workers wait at the gate until one has done \
               so.",
    remedy: "label one",
    severity: Severity::Warning,
    check: Check::Workload(check),
};

fn check(rule: &Rule, case: &Case<'_>) -> Option<Violation> {
    let environment = case.workload.environment.as_ref()?;
    let worker = case.workload.role.as_deref() == Some("worker");
    let led = case
        .beside()
        .any(|other| other.leads() || other.role.as_deref() == Some("peer"));
    (worker && !led).then(|| {
        rule.because(&format!(
            "nothing leads environment {environment}, and its workers wait for a leader"
        ))
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::case::tests::{violated, workload};

    #[test]
    fn workers_need_a_leader() {
        let worker = workload("worker", "worker", "shop");
        let more = workload("more", "worker", "shop");
        assert_eq!(violated(&[worker.clone(), more]), ["MX039"]);
        assert!(violated(&[worker, workload("leader", "leader", "shop")]).is_empty());
    }
}
