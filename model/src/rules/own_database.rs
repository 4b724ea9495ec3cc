use super::{Case, Check, Rule, Severity, Violation};

pub(super) const RULE: Rule = Rule {
    id: "MX034",
    field: "spec.template.spec.containers",
    statement: "a database belongs to one environment",
    evidence: "Two environments on one database are two leaders, each lawful by itself: a copied Secret or a cloned \
               namespace makes them. The gate holds the pods of the second one.",
    remedy: "give one of them its own, or take this one over with kubectl mendix adopt",
    severity: Severity::Refusal,
    check: Check::Workload(check),
};

/// An environment of another namespace is not named: who asks may not be allowed to know of it.
fn check(rule: &Rule, case: &Case<'_>) -> Option<Violation> {
    let workload = case.workload;
    let environment = workload.environment.as_ref()?;
    let mut others = case.others().filter(|it| it.environment.is_some());
    if let Some(other) = others.find(|it| !it.is_beside(workload) && it.database.is_same(&workload.database))
    {
        let theirs = other
            .environment
            .as_ref()
            .filter(|_| other.namespace == workload.namespace);
        let named = theirs.map_or_else(
            || "an environment of another namespace".to_owned(),
            |name| format!("environment {name}"),
        );
        return Some(rule.because(&format!(
            "{named} names the same database, which belongs to one environment only"
        )));
    }
    let holder = case.holder?;
    let ours = (&holder.namespace, &holder.environment) == (&workload.namespace, environment);
    (!ours).then(|| rule.because("another environment holds the database"))
}

#[cfg(test)]
mod tests {
    use crate::crd::claim::Owner;
    use crate::rules::case::tests::{said, violated, workload};
    use crate::rules::{Case, review_workload};
    use rstest::rstest;

    #[rstest]
    #[case::other_environment("crm", "prod", "environment crm names the same database")]
    #[case::other_namespace("shop", "test", "an environment of another namespace names the same database")]
    fn two_environments_have_two_databases(
        #[case] environment: &str,
        #[case] namespace: &str,
        #[case] expected: &str,
    ) {
        let one = workload("shop", "leader", "shop");
        let mut other = workload("other", "leader", "shop");
        other.environment = Some(environment.to_owned());
        other.namespace = namespace.to_owned();
        let said = said(&[one, other]);
        let [only] = &said[..] else { panic!("{said:?}") };
        assert!(only.message.starts_with(expected), "{only}");
    }

    #[test]
    fn two_databases_are_two() {
        let one = workload("shop", "leader", "shop");
        let mut other = workload("other", "leader", "crm");
        other.environment = Some("crm".to_owned());
        assert!(violated(&[one, other]).is_empty());
    }

    #[rstest]
    #[case::ours("prod", "shop", false)]
    #[case::other_environment("prod", "crm", true)]
    #[case::other_namespace("test", "shop", true)]
    fn who_holds_the_database_counts(
        #[case] namespace: &str,
        #[case] environment: &str,
        #[case] refused: bool,
    ) {
        let holder = Owner {
            namespace: namespace.to_owned(),
            environment: environment.to_owned(),
            ..Owner::default()
        };
        let said = review_workload(&Case {
            workload: &workload("shop", "leader", "shop"),
            others: &[],
            holder: Some(&holder),
        });
        assert_eq!(said.iter().any(|it| it.rule == "MX034"), refused, "{said:?}");
        assert!(said.iter().all(|it| !it.message.contains("crm")), "{said:?}");
    }
}
