//! What is known, and what is asked about.

use anyhow::Result;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::PostParams;
use mendix_cases::Product;
use mendix_model::names;
use serde_json::{Value, json};

/// Namespace of what is known.
const KNOWN: &str = "bench-known";
/// Namespace that requests are about.
pub(super) const ASKED: &str = "bench-asked";

/// Leaders without pods, each on a database of its own.
pub(super) async fn environments(product: &Product, count: usize) -> Result<()> {
    product.open_namespace(KNOWN).await?;
    let api: Api<Deployment> = Api::namespaced(product.client.clone(), KNOWN);
    for number in 0..count {
        let leader = deployment(&format!("known{number:04}"), 0);
        api.create(&PostParams::default(), &serde_json::from_value(leader)?)
            .await?;
    }
    Ok(())
}

/// A leader of an environment of its own.
pub(super) fn deployment(name: &str, replicas: i32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name },
        "spec": {
            "replicas": replicas,
            "strategy": { "type": "Recreate" },
            "selector": { "matchLabels": { "app": name } },
            "template": { "metadata": { "labels": labels(name) }, "spec": spec(name) },
        },
    })
}

/// It has the gate: without any webhook, the policy would refuse one that has not.
pub(super) fn pod(name: &str) -> Result<Pod> {
    let mut spec = spec(name);
    spec["schedulingGates"] = json!([{ "name": names::GATE }]);
    Ok(serde_json::from_value(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "labels": labels(name) }, "spec": spec,
    }))?)
}

fn labels(name: &str) -> Value {
    json!({ "app": name, names::ENVIRONMENT_LABEL: name, names::ROLE_LABEL: "leader" })
}

fn spec(name: &str) -> Value {
    json!({
        "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
        "containers": [{
            "name": "app", "image": "nowhere/nothing",
            "env": [
                { "name": "DATABASE_ENDPOINT", "value": format!("postgres://shop:none@db.example.com:5432/{name}") },
                { "name": "CF_INSTANCE_INDEX", "value": "0" },
            ],
            "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
        }],
    })
}
