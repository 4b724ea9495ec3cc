use super::{Case, Check, Rule, Severity, Violation};

pub(super) const RULE: Rule = Rule {
    id: "MX038",
    field: "spec.template.metadata.labels",
    statement: "the pods of an environment are told who leads, or choose it themselves",
    evidence: "Peers choose a leader among themselves and know nothing of one that was told to lead. The gate never \
               lets both kinds run together.",
    remedy: "take one kind",
    severity: Severity::Refusal,
    check: Check::Workload(check),
};

fn check(rule: &Rule, case: &Case<'_>) -> Option<Violation> {
    let (workload, environment) = (case.workload, case.workload.environment.as_ref()?);
    let mut beside = case
        .beside()
        .filter(|other| other.replicas > 0 && other.role.is_some());
    let mixed = beside.any(|other| is_peer(other.role.as_deref()) != is_peer(workload.role.as_deref()));
    (mixed && workload.role.is_some() && workload.replicas > 0).then(|| {
        rule.because(&format!(
            "environment {environment} has peers, which choose their leader, beside pods that are told who leads"
        ))
    })
}

fn is_peer(role: Option<&str>) -> bool {
    role == Some("peer")
}

#[cfg(test)]
mod tests {
    use crate::rules::case::tests::{violated, workload};

    #[test]
    fn peers_are_among_themselves() {
        let mut peer = workload("peer", "peer", "shop");
        peer.misfit = None;
        let leader = workload("leader", "leader", "shop");
        assert_eq!(violated(&[peer.clone(), leader.clone()]), ["MX038"]);
        assert_eq!(violated(&[leader.clone(), peer.clone()]), ["MX038"]);
        let mut stopped = leader;
        stopped.replicas = 0;
        assert!(violated(&[peer, stopped]).is_empty());
    }
}
