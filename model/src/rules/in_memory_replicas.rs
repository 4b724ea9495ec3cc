use super::{Check, Rule, Severity, Violation};

/// A database in the memory of one pod is nobody else's (Mendix documentation, "Storage plans": ephemeral).
pub(super) const RULE: Rule = Rule {
    id: "MX108",
    field: "spec.replicas",
    statement: "an ephemeral database serves one replica",
    evidence: "The database is in the memory of one pod: a second pod would start with an empty one of its own.",
    remedy: "set replicas to 1, or take a storage plan whose database outlives a pod",
    // Only the Secret of the database tells what it is.
    severity: Severity::Refusal,
    check: Check::Elsewhere,
};

/// MX108, for the controller, which knows the database.
pub fn in_memory_replicas(in_memory: bool, replicas: i32) -> Option<Violation> {
    (in_memory && replicas > 1).then(|| RULE.violation())
}

#[cfg(test)]
mod tests {
    use super::in_memory_replicas;
    use rstest::rstest;

    #[rstest]
    #[case::several(true, 2, true)]
    #[case::one(true, 1, false)]
    #[case::stopped(true, 0, false)]
    #[case::server(false, 2, false)]
    fn only_one_pod_has_the_database(#[case] in_memory: bool, #[case] replicas: i32, #[case] refused: bool) {
        assert_eq!(in_memory_replicas(in_memory, replicas).is_some(), refused);
    }
}
