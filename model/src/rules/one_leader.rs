use super::{Case, Check, Rule, Severity, Violation};

pub(super) const RULE: Rule = Rule {
    id: "MX033",
    field: "spec.template.metadata.labels",
    statement: "one workload of an environment leads",
    evidence: "Pods of both would lead on one database. The gate lets one of them start, and which one is chance.",
    remedy: "make all but one workers, or scale them to 0 first",
    severity: Severity::Refusal,
    check: Check::Workload(check),
};

/// Workloads without pods lead nothing: one leader may take the place of another.
fn check(rule: &Rule, case: &Case<'_>) -> Option<Violation> {
    let (workload, environment) = (case.workload, case.workload.environment.as_ref()?);
    if !workload.leads() || workload.replicas == 0 {
        return None;
    }
    let mut leading = case.beside().filter(|other| other.leads() && other.replicas > 0);
    let other = leading.next()?;
    let found = format!(
        "{} and {} both lead environment {environment}",
        workload.title(),
        other.title()
    );
    Some(rule.because(&found))
}

#[cfg(test)]
mod tests {
    use crate::rules::case::tests::{object, read, violated, workload};
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::both(1, 1, &["MX033"])]
    #[case::other_has_none(1, 0, &[])]
    #[case::has_none(0, 1, &[])]
    fn one_of_two_leads(#[case] first: i32, #[case] second: i32, #[case] expected: &[&str]) {
        let with = |name: &str, replicas: i32| {
            let mut object = object("Deployment", name, "leader", "shop");
            object["spec"]["replicas"] = json!(replicas);
            read(&object)
        };
        assert_eq!(violated(&[with("one", first), with("two", second)]), expected);
    }

    #[test]
    fn the_same_workload_is_not_a_second_one() {
        let leader = workload("shop", "leader", "shop");
        assert!(violated(&[leader.clone(), leader]).is_empty());
    }
}
