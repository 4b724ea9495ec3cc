//! How soon a free pod's gate is open, on the embedded cluster with many environments known.

use super::{Measurement, quantile};
use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::{
    Api, Resource, ResourceExt,
    api::{ListParams, PostParams},
    runtime::{WatchStreamExt, watcher},
};
use mendix_cases::{Product, app::LIMIT};
use mendix_model::{
    crd::{
        DatabaseClaim, Environment, EnvironmentSpec, Runtime, RuntimeSpec, claim::Owner,
        common::LeaderSelection,
    },
    database::Identity,
    names,
};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::json;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tokio::time::{MissedTickBehavior, interval};

const BENCH: &str = "gate";
/// A namespace whose apps no controller runs: the environments alone are known.
const NAMESPACE: &str = "bench-gate";
const ENVIRONMENTS: usize = 1000;
const PODS: usize = 400;
/// 20 pods a second.
const PACE: Duration = Duration::from_millis(50);

pub(super) async fn measure_on(product: Product) -> Result<Vec<Measurement>> {
    product.open_namespace(NAMESPACE).await?;
    environments(&product).await?;
    let milliseconds = pods(&product).await?;
    let at = |share| quantile(milliseconds.clone(), share);
    Ok(vec![
        Measurement::alone(BENCH, "open-p50", at(0.50), "ms", 50.0),
        Measurement::alone(BENCH, "open-p99", at(0.99), "ms", 200.0),
    ])
}

fn name(number: usize) -> String {
    format!("shop{number:04}")
}

/// Makes the environments and waits until each holds its claim.
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
    let claims: Api<DatabaseClaim> = Api::all(product.client.clone());
    wait_for("a claim for each environment", LIMIT, || async {
        let all = claims.list(&ListParams::default()).await?;
        let held = all
            .items
            .iter()
            .filter(|claim| claim.spec.state == mendix_model::crd::claim::ClaimState::Held);
        let held = held.count();
        Ok(if held == ENVIRONMENTS {
            Poll::Ready(())
        } else {
            Poll::Pending(format!("{held} claims are held"))
        })
    })
    .await
}

/// Makes leaders of environments that have none, one after the other, and takes the time until each gate is open.
async fn pods(product: &Product) -> Result<Vec<f64>> {
    let api: Api<Pod> = Api::namespaced(product.client.clone(), NAMESPACE);
    let (started, mut starts) = tokio::sync::mpsc::unbounded_channel();
    let cluster = cluster_uid(product).await?;
    let maker = api.clone();
    let make = tokio::spawn(async move {
        let mut ticks = interval(PACE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for number in 0..PODS {
            ticks.tick().await;
            let pod = pod(&name(number), &cluster)?;
            let start = Instant::now();
            maker.create(&PostParams::default(), &pod).await?;
            started.send((pod.name_any(), start))?;
        }
        anyhow::Ok(())
    });
    let opened = opened(api).await?;
    make.await??;
    let mut milliseconds = Vec::new();
    while let Some((name, start)) = starts.recv().await {
        let end = opened
            .get(&name)
            .with_context(|| format!("pod {name} was not seen open"))?;
        milliseconds.push(end.duration_since(start).as_secs_f64() * 1000.0);
    }
    Ok(milliseconds)
}

/// When each pod was first seen without the gate.
async fn opened(api: Api<Pod>) -> Result<BTreeMap<String, Instant>> {
    use futures::TryStreamExt as _;
    let mut changes = std::pin::pin!(
        watcher(api, watcher::Config::default())
            .default_backoff()
            .applied_objects()
    );
    let mut opened = BTreeMap::new();
    while opened.len() < PODS {
        let waiting = tokio::time::timeout(LIMIT, changes.try_next()).await;
        let pod = waiting
            .context("no gate has opened for long")??
            .context("the watch has ended")?;
        let gates = pod.spec.as_ref().and_then(|spec| spec.scheduling_gates.as_ref());
        if gates.is_none_or(Vec::is_empty) {
            opened.entry(pod.name_any()).or_insert_with(Instant::now);
        }
    }
    Ok(opened)
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
