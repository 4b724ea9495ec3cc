use super::{Check, Rule, Severity, Violation};
use crate::crd::MendixApp;
use crate::crd::app::ServicePlan;

/// A plan makes databases or file stores, never both (Mendix documentation, release notes of operator 2.14: the plans of
/// database and files have different names).
pub(super) const RULE: Rule = Rule {
    id: "MX109",
    field: "spec.storage.servicePlan",
    statement: "database and files need a plan each, of different names",
    evidence: "The provisioner of a plan makes databases or file stores, so one of the two would fail (Mendix \
               documentation, release notes of operator 2.14).",
    remedy: "name a plan for files here, or another one in spec.database.servicePlan",
    severity: Severity::Refusal,
    check: Check::App(check),
};

fn check(rule: &Rule, app: &MendixApp) -> Vec<Violation> {
    let database = name(app.spec.database.as_ref());
    rule.when(database.is_some() && database == name(app.spec.storage.as_ref()))
}

fn name(plan: Option<&ServicePlan>) -> Option<&str> {
    let name = plan?.service_plan.as_deref();
    name.filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::rules::tests::violated;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::one_name("dev", "dev", &["MX109"])]
    #[case::two_names("dev", "files", &[])]
    #[case::secret_store("", "", &[])]
    fn database_and_files_have_a_plan_each(
        #[case] database: &str,
        #[case] files: &str,
        #[case] expected: &[&str],
    ) {
        let spec = json!({"database": {"servicePlan": database}, "storage": {"servicePlan": files}});
        assert_eq!(violated(&spec), expected);
    }

    #[test]
    fn no_plan_is_no_name() {
        assert!(violated(&json!({"storage": {"servicePlan": "files"}})).is_empty());
    }
}
