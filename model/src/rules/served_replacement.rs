use super::{Check, Rule, Severity, Violation};
use crate::crd::RuntimeSpec;
use crate::rollout::strategy::may_surge;

/// Whoever restarts an app is told first when nobody would serve meanwhile.
pub(super) const RULE: Rule = Rule {
    id: "MX111",
    field: "spec.replicas",
    statement: "the pods of an app are replaced while somebody serves",
    evidence: "One pod that may have no second one beside it serves nobody while it is replaced, and a database in its \
               memory is lost with it.",
    remedy: "set replicas to 2, or say --allow-downtime",
    severity: Severity::Refusal,
    check: Check::Command,
};

/// MX111, for commands that replace what runs.
pub fn served_replacement(spec: &RuntimeSpec, in_memory: bool) -> Option<Violation> {
    if in_memory && spec.replicas > 0 {
        let found = "the database is in the memory of the one pod, and is lost with it";
        return Some(RULE.saying(format!(
            "{found}: take a storage plan whose database outlives a pod, or say --allow-downtime"
        )));
    }
    let alone = spec.replicas == 1 && !may_surge(spec.deployment_strategy.as_ref());
    alone.then(|| {
        RULE.because("the app has one pod, and deploymentStrategy.rollingUpdate.maxSurge is 0, so none may come beside it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::surges(1, json!({}), false, None)]
    #[case::alone(1, json!({"rollingUpdate": {"maxSurge": 0}}), false, Some("maxSurge is 0"))]
    #[case::several(2, json!({"rollingUpdate": {"maxSurge": 0}}), false, None)]
    #[case::in_memory(1, json!({}), true, Some("is lost with it"))]
    #[case::stopped(0, json!({"rollingUpdate": {"maxSurge": 0}}), true, None)]
    fn nobody_serves(
        #[case] replicas: i32,
        #[case] strategy: Value,
        #[case] in_memory: bool,
        #[case] told: Option<&str>,
    ) {
        let spec = RuntimeSpec {
            replicas,
            deployment_strategy: serde_json::from_value(strategy).ok(),
            ..RuntimeSpec::default()
        };
        let found = served_replacement(&spec, in_memory).map(|it| it.to_string());
        assert_eq!(found.is_some(), told.is_some(), "{found:?}");
        assert!(found.unwrap_or_default().contains(told.unwrap_or_default()));
    }
}
