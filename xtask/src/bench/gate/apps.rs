//! Pods as those of apps: the environment says which database and which model it has.

use super::seen::{claims, opened};
use super::{ENVIRONMENTS, PODS, milliseconds, ticks};
use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::{Api, Resource, ResourceExt, api::PostParams};
use mendix_cases::Product;
use mendix_model::{
    crd::{Environment, EnvironmentSpec, Runtime, RuntimeSpec, claim::Owner, common::LeaderSelection},
    database::Identity,
    names,
};
use serde_json::json;
use std::time::{Duration, Instant};

/// A namespace whose apps no controller runs: the environments alone are known.
const NAMESPACE: &str = "bench-gate";

/// 20 pods a second.
const PACE: Duration = Duration::from_millis(50);

/// From the request that makes a pod to its gate's end, in milliseconds.
pub(super) async fn measure(product: &Product) -> Result<Vec<f64>> {
    product.open_namespace(NAMESPACE).await?;
    environments(product).await?;
    claims(product, ENVIRONMENTS).await?;
    let api: Api<Pod> = Api::namespaced(product.client.clone(), NAMESPACE);
    let cluster = cluster_uid(product).await?;
    let make = tokio::spawn(make(api.clone(), cluster));
    let opened = opened(api, names::ROLE_LABEL, PODS).await?;
    let starts = make.await??;
    let all = starts.into_iter().enumerate().filter_map(|(number, start)| {
        let end = opened.get(&name(number))?.open?;
        Some(milliseconds(end.duration_since(start)))
    });
    Ok(all.collect())
}

async fn environments(product: &Product) -> Result<()> {
    let runtimes: Api<Runtime> = Api::namespaced(product.client.clone(), NAMESPACE);
    let runtime = Runtime::new("bench", RuntimeSpec::default());
    let runtime = runtimes.create(&PostParams::default(), &runtime).await?;
    // Owned, as those of apps are: then the gate asks the environment, and no manifests.
    let owner = runtime
        .controller_owner_ref(&())
        .context("a runtime without uid")?;
    let environments: Api<Environment> = Api::namespaced(product.client.clone(), NAMESPACE);
    for number in 0..ENVIRONMENTS {
        let spec = EnvironmentSpec {
            leader_selection: Some(LeaderSelection::Assigned),
            model: Some("model".to_owned()),
            ..EnvironmentSpec::default()
        };
        let mut environment = Environment::new(&name(number), spec);
        environment.metadata.owner_references = Some(vec![owner.clone()]);
        environments.create(&PostParams::default(), &environment).await?;
    }
    Ok(())
}

/// Makes leaders of environments that have none, one after the other. When each was asked for.
async fn make(pods: Api<Pod>, cluster: String) -> Result<Vec<Instant>> {
    let mut ticks = ticks(PACE);
    let mut starts = Vec::new();
    for number in 0..PODS {
        ticks.tick().await;
        let pod = pod(&name(number), &cluster)?;
        starts.push(Instant::now());
        pods.create(&PostParams::default(), &pod).await?;
    }
    Ok(starts)
}

async fn cluster_uid(product: &Product) -> Result<String> {
    let namespaces: Api<Namespace> = Api::all(product.client.clone());
    let system = namespaces.get("kube-system").await?;
    system.uid().context("a namespace without uid")
}

/// A leader that fits on no node: it is the gate that is measured, not the kubelet.
fn pod(environment: &str, cluster: &str) -> Result<Pod> {
    let owner = Owner {
        cluster: cluster.to_owned(),
        namespace: NAMESPACE.to_owned(),
        environment: environment.to_owned(),
    };
    Ok(serde_json::from_value(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": environment,
            "labels": {
                names::ENVIRONMENT_LABEL: environment, names::ROLE_LABEL: "leader", names::MODEL_LABEL: "model",
            },
            "annotations": { names::DATABASE_ANNOTATION: Identity::Local.claim(&owner) },
        },
        "spec": {
            "schedulingGates": [{ "name": names::GATE }],
            "nodeSelector": { "bench": "nowhere" },
            "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [{
                "name": "mendix", "image": "nowhere/nothing",
                "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
            }],
        },
    }))?)
}

fn name(number: usize) -> String {
    format!("shop{number:04}")
}
