use super::{Check, Rule, Severity, Violation};
use crate::manifest::{Scaler, Workload};

/// KEDA makes a `HorizontalPodAutoscaler` of each `ScaledObject` (KEDA documentation, "Scaling Deployments").
pub(super) const RULE: Rule = Rule {
    id: "MX032",
    field: "spec.scaleTargetRef",
    statement: "nothing scales a workload that leads",
    evidence: "Each pod that an autoscaler adds would lead. The gate holds it, so the load that asked for it is not \
               served.",
    remedy: "scale the workers of the environment instead",
    severity: Severity::Refusal,
    check: Check::Scaler(check),
};

fn check(rule: &Rule, scaler: &Scaler, workloads: &[&Workload]) -> Option<Violation> {
    let mut led = workloads.iter().filter(|it| it.leads_wholly());
    let target = led.find(|it| scaler.largest > 1 && scaler.scales(it))?;
    let found = format!(
        "{} {} may scale {}, which leads",
        scaler.kind,
        scaler.name,
        target.title()
    );
    Some(rule.because(&found))
}

#[cfg(test)]
mod tests {
    use crate::manifest::Scaler;
    use crate::rules::case::tests::workload;
    use crate::rules::review_scaler;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::leader("leader", "prod", 3, true)]
    #[case::never_more_than_one("leader", "prod", 1, false)]
    #[case::worker("worker", "prod", 3, false)]
    #[case::other_namespace("leader", "test", 3, false)]
    fn workers_are_scaled_and_leaders_are_not(
        #[case] role: &str,
        #[case] namespace: &str,
        #[case] largest: i32,
        #[case] refused: bool,
    ) {
        let object = json!({"metadata": {"name": "load"}, "spec": {
            "maxReplicas": largest, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"},
        }});
        let scaler = Scaler::read("autoscaling", "HorizontalPodAutoscaler", namespace, &object);
        let scaler = scaler.expect("readable").expect("a scaler");
        let said = review_scaler(&scaler, &[&workload("shop", role, "shop")]);
        assert_eq!(said.iter().any(|it| it.rule == "MX032"), refused, "{said:?}");
    }
}
