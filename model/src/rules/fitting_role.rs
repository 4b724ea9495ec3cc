use super::{Case, Check, Rule, Severity, Violation};

/// What the variables mean: [`crate::database::role`].
pub(super) const RULE: Rule = Rule {
    id: "MX036",
    field: "spec.template",
    statement: "role, kind and variables of a workload say the same",
    evidence: "The image obeys its variables and not its label: a pod labelled worker with CF_INSTANCE_INDEX 0 leads. \
               The gate holds it.",
    remedy: "correct the label or the variable that the message names",
    severity: Severity::Refusal,
    check: Check::Workload(check),
};

fn check(rule: &Rule, case: &Case<'_>) -> Option<Violation> {
    case.workload.misfit.clone().map(|found| rule.saying(found))
}

#[cfg(test)]
mod tests {
    use crate::rules::case::tests::{object, read, said, workload};
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::worker_that_leads("worker", "0", "CF_INSTANCE_INDEX of a worker")]
    #[case::leader_that_does_not("leader", "1", "CF_INSTANCE_INDEX of a leader")]
    #[case::no_role("chief", "1", "is not leader, worker, peer or ordinal")]
    #[case::peer("peer", "1", "for the buildpack")]
    #[case::ordinal("ordinal", "1", "of a StatefulSet only")]
    fn role_and_variables_say_the_same(#[case] role: &str, #[case] index: &str, #[case] expected: &str) {
        let mut object = object("Deployment", "shop", role, "shop");
        object["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = json!(index);
        let said = said(&[read(&object)]);
        let found = said.iter().find(|it| it.rule == "MX036").expect("a violation");
        assert!(found.message.contains(expected), "{found}");
    }

    #[test]
    fn what_has_no_labels_has_no_role() {
        let mut object = object("Deployment", "shop", "worker", "shop");
        object["spec"]["template"]["metadata"]["labels"] = json!({});
        let said = said(&[read(&object), workload("leader", "leader", "crm")]);
        assert!(said.is_empty(), "{said:?}");
    }
}
