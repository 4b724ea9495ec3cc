//! What a pod template is made from, as one hash. Pure.
//!
//! A release of the controller with other defaults makes another template from the same input. Pods restart only
//! for another input, so upgrading the controller restarts nothing: the template in the annotation is kept.

use super::intent;
use super::observe::Observed;
use k8s_openapi::api::core::v1::Secret;
use mendix_model::crd::Runtime;
use mendix_model::names::Role;
use mendix_model::rollout::order::Inputs;
use serde_json::{Value, json};

/// The inputs of both templates.
pub(crate) fn inputs(runtime: &Runtime, observed: &Observed) -> Inputs {
    Inputs {
        leader: hash(runtime, observed, Role::Leader),
        worker: hash(runtime, observed, Role::Worker),
    }
}

/// Hash of everything that somebody can set and that reaches a pod.
pub(crate) fn hash(runtime: &Runtime, observed: &Observed, role: Role) -> String {
    let configuration = &observed.configuration;
    let mut document = json!({
        "role": role.as_str(),
        "spec": runtime.spec.of_pods(),
        "account": observed.account,
        "database": data(observed.database.as_ref()),
        "file": data(observed.file.as_ref()),
        "resources": configuration.runtime_resources,
        "probes": [&configuration.runtime_liveness_probe, &configuration.runtime_readiness_probe],
        "grace": configuration.runtime_termination_grace_period_seconds,
        "delay": configuration.runtime_termination_delay_seconds,
        "token": configuration.runtime_automount_service_account_token,
        "annotations": [json!(configuration.runtime_deployment_pod_annotations), json!(configuration.custom_pod_annotations)],
        "labels": configuration.custom_pod_labels,
        "nodes": configuration.custom_pod_node_selector,
        "metrics": configuration.runtime_metrics_configuration,
        "log": configuration.runtime_log_format_type,
        "pull": configuration.registry.as_ref().map(|registry| &registry.secret_name),
    });
    // Only when it is there: a key that is always there would make another hash for every app, and restart it.
    if let Some(authorities) = observed.authorities.as_ref() {
        document["authorities"] = data(Some(authorities));
    }
    if let Some(secret_store) = observed.secret_store.as_ref() {
        document["secretStore"] = data(Some(secret_store));
    }
    if let Some(restart) = intent::restart(observed) {
        document["restart"] = json!(restart);
    }
    if let Some(refresh) = intent::refresh(observed) {
        document["refresh"] = json!(refresh);
    }
    if let Some(adopt) = observed.adopt() {
        document["adopt"] = json!(adopt);
    }
    crate::hash::of(&document)
}

fn data(secret: Option<&Secret>) -> Value {
    json!(secret.and_then(|secret| secret.data.as_ref()))
}
