use super::{Case, Check, Rule, Severity, Violation};

/// A warning: what has no labels may be a tool that only reads, and the gate counts it all the same.
pub(super) const RULE: Rule = Rule {
    id: "MX040",
    field: "spec.template.metadata.labels",
    statement: "a workload on an environment's database is of that environment",
    evidence: "A pod without labels starts without asking: an app of Mendix would lead beside the leader. The gate \
               lets no pod of the environment start while it runs.",
    remedy: "label this one too, or end it",
    severity: Severity::Warning,
    check: Check::Workload(check),
};

fn check(rule: &Rule, case: &Case<'_>) -> Option<Violation> {
    let (workload, none) = (case.workload, case.workload.environment.is_none());
    let mut others = case
        .others()
        .filter(|other| other.namespace == workload.namespace);
    let other = others
        .find(|other| other.environment.is_some() == none && other.database.is_same(&workload.database))?;
    Some(if none {
        rule.because(&format!("{} names the same database", other.title()))
    } else {
        rule.saying(format!(
            "{} names the same database and has no labels: label it, or end it",
            other.title()
        ))
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::case::tests::{said, workload};

    #[test]
    fn what_has_no_labels_is_told_of() {
        let labelled = workload("shop", "leader", "shop");
        let mut old = workload("old", "leader", "shop");
        (old.environment, old.role) = (None, None);
        let of_old = said(&[old.clone(), labelled.clone()]);
        assert_eq!(of_old.len(), 1, "{of_old:?}");
        assert!(
            of_old[0]
                .message
                .starts_with("deployment/shop names the same database")
        );
        let of_labelled = said(&[labelled, old]);
        assert_eq!(of_labelled.len(), 1, "{of_labelled:?}");
        assert!(
            of_labelled[0]
                .message
                .contains("deployment/old names the same database and has no labels")
        );
    }

    #[test]
    fn what_has_no_labels_has_a_database_of_its_own() {
        let mut old = workload("old", "leader", "crm");
        (old.environment, old.role) = (None, None);
        assert!(said(&[old, workload("shop", "leader", "shop")]).is_empty());
    }
}
