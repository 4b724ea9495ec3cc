use super::{Check, Deletion, Rule, Severity, Violation};
use crate::names;

/// A warning: the finalizer keeps the pod until its end is proved, so nothing starts beside it.
pub(super) const RULE: Rule = Rule {
    id: "MX041",
    field: "metadata.deletionGracePeriodSeconds",
    statement: "a leader is deleted with the time that it needs to end",
    evidence: "A forced deletion tells the API server not to wait for the processes. On a node that is cut off they go \
               on, so the gate lets no other leader start before their end is proved.",
    remedy: "delete it without --force; if its node is lost for good, run kubectl mendix fence NODE",
    severity: Severity::Warning,
    check: Check::Deletion(check),
};

fn check(rule: &Rule, deletion: &Deletion<'_>) -> Option<Violation> {
    let may_lead = deletion.label(names::ROLE_LABEL) != Some("worker");
    let of_environment = deletion.label(names::ENVIRONMENT_LABEL).is_some();
    let forced = deletion.grace == Some(0);
    (forced && may_lead && of_environment && deletion.is_active()).then(|| {
        rule.because("its processes may go on, and no other leader starts before their end is proved")
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::{Deletion, review_deletion};
    use rstest::rstest;
    use serde_json::{from_value, json};

    #[rstest]
    #[case::forced(Some(0), "leader", "kubectl-mendix.io/active", true)]
    #[case::in_its_time(None, "leader", "kubectl-mendix.io/active", false)]
    #[case::short(Some(1), "leader", "kubectl-mendix.io/active", false)]
    #[case::worker(Some(0), "worker", "kubectl-mendix.io/active", false)]
    #[case::peer(Some(0), "peer", "kubectl-mendix.io/active", true)]
    #[case::never_started(Some(0), "leader", "other", false)]
    fn an_active_leader_is_not_forced(
        #[case] grace: Option<i64>,
        #[case] role: &str,
        #[case] finalizer: &str,
        #[case] told: bool,
    ) {
        let labels = json!({"kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": role});
        let pod = from_value(json!({"labels": labels, "finalizers": [finalizer]})).expect("metadata");
        assert_eq!(!review_deletion(&Deletion { pod: &pod, grace }).is_empty(), told);
    }
}
