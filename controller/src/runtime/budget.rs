//! The disruption budget of an app. Pure.

use crate::metadata;
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use mendix_model::crd::Runtime;
use mendix_model::names;
use mendix_model::rollout::strategy::may_surge;

/// One pod may be disrupted at a time; a single one not at all, unless the app says so (Mendix documentation,
/// "Reduced downtime deployment"). A drain goes on all the same: a second pod comes before. Where none may, because the
/// app allows the downtime, nothing would ever let the drain go on.
pub(crate) fn budget(runtime: &Runtime) -> PodDisruptionBudget {
    let app = &runtime.spec.environment;
    let own = runtime.spec.pod_disruption_budget.clone().unwrap_or_default();
    let strategy = runtime.spec.deployment_strategy.as_ref();
    let one = IntOrString::Int(1);
    let (min_available, max_unavailable) = match (own.min_available, own.max_unavailable) {
        (None, None) if runtime.spec.replicas == 1 && may_surge(strategy) => (Some(one), None),
        (None, None) => (None, Some(one)),
        own => own,
    };
    PodDisruptionBudget {
        metadata: metadata::owned(runtime, app, app.clone()),
        spec: Some(PodDisruptionBudgetSpec {
            min_available,
            max_unavailable,
            selector: Some(LabelSelector {
                match_labels: Some(names::selector(app, None)),
                match_expressions: None,
            }),
            // A pod that crashes again and again must not keep a node from being drained.
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
        }),
        status: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::plan::tests::runtime;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::one(1, json!({}), json!({"minAvailable": 1}))]
    #[case::several(3, json!({}), json!({"maxUnavailable": 1}))]
    #[case::one_with_downtime(1, json!({"rollingUpdate": {"maxSurge": 0}}), json!({"maxUnavailable": 1}))]
    fn it_follows_the_documented_defaults(
        #[case] replicas: i32,
        #[case] strategy: Value,
        #[case] expected: Value,
    ) {
        let mut runtime = runtime();
        runtime.spec.replicas = replicas;
        runtime.spec.deployment_strategy = Some(serde_json::from_value(strategy).expect("a strategy"));
        let budget = serde_json::to_value(budget(&runtime)).expect("json");
        for field in ["minAvailable", "maxUnavailable"] {
            assert_eq!(budget["spec"][field], expected[field]);
        }
    }
}
