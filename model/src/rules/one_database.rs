use super::{Case, Check, Rule, Severity, Violation};

pub(super) const RULE: Rule = Rule {
    id: "MX035",
    field: "spec.template.spec.containers",
    statement: "all workloads of an environment name its one database",
    evidence: "A worker on another database than its leader's serves other data than the app has. The gate holds it.",
    remedy: "correct it, or name another environment",
    severity: Severity::Refusal,
    check: Check::Workload(check),
};

fn check(rule: &Rule, case: &Case<'_>) -> Option<Violation> {
    let mut beside = case.beside();
    let other = beside.find(|other| other.database.differs(&case.workload.database))?;
    Some(rule.because(&format!(
        "{} of the same environment names another database",
        other.title()
    )))
}

#[cfg(test)]
mod tests {
    use crate::rules::case::tests::{violated, workload};

    #[test]
    fn a_worker_is_on_the_database_of_its_leader() {
        let leader = workload("leader", "leader", "shop");
        let worker = workload("worker", "worker", "crm");
        assert_eq!(violated(&[worker, leader]), ["MX035"]);
    }
}
