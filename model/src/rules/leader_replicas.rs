use super::{Case, Check, Rule, Severity, Violation};
use crate::manifest::Kind;

pub(super) const RULE: Rule = Rule {
    id: "MX031",
    field: "spec.replicas",
    statement: "a workload that leads has one pod",
    evidence: "Each of its pods leads. The gate lets one of them start, and the others wait for ever.",
    remedy: "set replicas to 1, or role ordinal where it is a StatefulSet; more pods are workers, of a workload of \
             their own",
    severity: Severity::Refusal,
    check: Check::Workload(check),
};

fn check(rule: &Rule, case: &Case<'_>) -> Option<Violation> {
    let workload = case.workload;
    if !workload.leads_wholly() {
        return None;
    }
    if workload.kind == Kind::DaemonSet {
        return Some(rule.saying(
            "a DaemonSet has a pod on every node, and one pod leads: make it a Deployment".to_owned(),
        ));
    }
    let found = || format!("one pod leads, and it is to have {}", workload.replicas);
    (workload.replicas > 1).then(|| rule.because(&found()))
}

#[cfg(test)]
mod tests {
    use crate::rules::case::tests::{object, read, violated};
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::one("Deployment", "leader", 1, &[])]
    #[case::none("Deployment", "leader", 0, &[])]
    #[case::two("Deployment", "leader", 2, &["MX031"])]
    #[case::set("StatefulSet", "leader", 2, &["MX031"])]
    #[case::replica_set("ReplicaSet", "leader", 2, &["MX031"])]
    #[case::every_node("DaemonSet", "leader", 1, &["MX031"])]
    #[case::workers("Deployment", "worker", 5, &["MX039"])]
    fn one_pod_leads(
        #[case] kind: &str,
        #[case] role: &str,
        #[case] replicas: i32,
        #[case] expected: &[&str],
    ) {
        let mut object = object(kind, "shop", role, "shop");
        object["spec"]["replicas"] = json!(replicas);
        assert_eq!(violated(&[read(&object)]), expected);
    }
}
