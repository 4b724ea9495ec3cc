//! The disruption budget of an app. Pure.

use crate::metadata;
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use mendix_model::crd::Runtime;
use mendix_model::names;

/// One pod may be disrupted at a time; a single one not at all, unless the app says so (Mendix documentation,
/// "Reduced downtime deployment").
pub(crate) fn budget(runtime: &Runtime) -> PodDisruptionBudget {
    let app = &runtime.spec.environment;
    let own = runtime.spec.pod_disruption_budget.clone().unwrap_or_default();
    let one = IntOrString::Int(1);
    let (min_available, max_unavailable) = match (own.min_available, own.max_unavailable) {
        (None, None) if runtime.spec.replicas == 1 => (Some(one), None),
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
