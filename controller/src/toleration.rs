//! The toleration by which a copy of a pod is known: see [`names::ENVIRONMENT_TOLERATION`]. Pure.

use k8s_openapi::api::core::v1::{Pod, Toleration};
/// As the policy at birth adds it.
pub(crate) use mendix_model::admission::toleration as own;
use mendix_model::names;

/// All tolerations that a pod is to have: a patch has to name the whole list, and the API server takes additions only.
pub(crate) fn with_own(pod: &Pod, environment: &str) -> Vec<Toleration> {
    let spec = pod.spec.as_ref();
    let mut tolerations = spec.and_then(|it| it.tolerations.clone()).unwrap_or_default();
    if !tolerations.iter().any(is_own) {
        tolerations.push(own(environment));
    }
    tolerations
}

/// Those of a pod that runs nothing of the app, though it is to run where the app's pods may.
pub(crate) fn of_others(tolerations: Option<&Vec<Toleration>>) -> Option<Vec<Toleration>> {
    let others = tolerations?.iter().filter(|it| !is_own(it));
    Some(others.cloned().collect())
}

fn is_own(toleration: &Toleration) -> bool {
    toleration.key.as_deref() == Some(names::ENVIRONMENT_TOLERATION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::none(json!([]), json!(["kubectl-mendix.io/environment"]))]
    #[case::of_others(json!([{ "key": "spot" }]), json!(["spot", "kubectl-mendix.io/environment"]))]
    #[case::ours(json!([{ "key": "kubectl-mendix.io/environment", "value": "old" }]), json!(["kubectl-mendix.io/environment"]))]
    fn ours_is_added_once_and_others_stay(#[case] before: Value, #[case] expected: Value) {
        let spec = json!({ "containers": [], "tolerations": before });
        let pod = serde_json::from_value(json!({ "spec": spec })).expect("pod");
        let after = with_own(&pod, "shop");
        let keys: Vec<_> = after.iter().filter_map(|it| it.key.as_deref()).collect();
        assert_eq!(json!(keys), expected);
    }

    #[test]
    fn a_pod_that_runs_nothing_of_the_app_is_not_taken_for_one_that_does() {
        let spot = Toleration {
            key: Some("spot".to_owned()),
            ..Toleration::default()
        };
        let all = vec![spot.clone(), own("shop")];
        assert_eq!(of_others(Some(&all)), Some(vec![spot]));
    }
}
