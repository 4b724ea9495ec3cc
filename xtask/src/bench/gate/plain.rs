//! Pods of plain Deployments: database, role and model are read from the manifests.

use super::seen::{claims, opened};
use super::{ENVIRONMENTS, PODS, milliseconds, ticks};
use anyhow::Result;
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{
    Api, Client,
    api::{ListParams, Patch, PatchParams},
};
use mendix_cases::{
    Product,
    app::LIMIT,
    plain::{Environment, Style},
};
use mendix_model::crd::Environment as Known;
use mendix_test_cluster::{Poll, wait_for};
use serde_json::json;
use std::time::Duration;

/// Environments of one namespace: a stage each of ten apps.
const TOGETHER: usize = 10;
/// The pods are given to a scheduler that does not exist: it is the gate that is measured, not the kubelet. Those that
/// pull the image go to the usual one.
const SCHEDULER: &str = "bench-none";

/// Label of the pods that are measured, as the manifests give it.
const PART: &str = "part=leader";

/// 5 pods a second. Each costs the controllers of Kubernetes ten requests and ours twenty: at 20 a second it would be the
/// API server of a machine with two processors that is measured (500 requests a second, 35 ms each).
const PACE: Duration = Duration::from_millis(200);

/// From a pod's creation to its gate's end, as one watch sees both, in milliseconds. The Deployments are scaled up, so
/// that it is Kubernetes' own controllers that make the pods.
pub(super) async fn measure(product: &Product, image: &str) -> Result<Vec<f64>> {
    for first in (0..ENVIRONMENTS).step_by(TOGETHER) {
        let namespace = namespace(first);
        product.open_namespace(&namespace).await?;
        for number in first..first + TOGETHER {
            workload(product, number, image).await?;
        }
        product.mendix_in(&namespace, 0, &["protect"])?;
    }
    // Those of the apps are still there.
    claims(product, 2 * ENVIRONMENTS).await?;
    images(product).await?;
    let scale = tokio::spawn(scale(product.client.clone()));
    let pods: Api<Pod> = Api::all(product.client.clone());
    let opened = opened(pods, PART, PODS).await?;
    scale.await??;
    let all = opened.values().filter_map(|seen| {
        let open = seen.open?;
        Some(milliseconds(open.duration_since(seen.first)))
    });
    Ok(all.collect())
}

fn namespace(number: usize) -> String {
    format!("bench-plain-{:03}", number / TOGETHER)
}

/// A Deployment without pods and the Secret of its database.
async fn workload(product: &Product, number: usize, image: &str) -> Result<()> {
    let (namespace, name) = (namespace(number), name(number));
    let app = Environment::new(&namespace, &name, Style::Buildpack, image);
    let mut leader = app.leader();
    leader["spec"]["replicas"] = 0.into();
    leader["spec"]["template"]["spec"]["schedulerName"] = SCHEDULER.into();
    let secret = app.secret(&format!(
        "postgres://shop:none@postgres.example.com:5432/{namespace}-{name}"
    ));
    for object in [secret, leader] {
        product.apply(&namespace, &object).await?;
    }
    Ok(())
}

/// Waits until the image of each environment was pulled.
async fn images(product: &Product) -> Result<()> {
    let environments: Api<Known> = Api::all(product.client.clone());
    wait_for("the images to be pulled", LIMIT * 10, || async {
        let all = environments.list(&ListParams::default()).await?;
        let pulled = |it: &&Known| it.status.as_ref().is_some_and(|status| status.images.is_some());
        let pulled = all.items.iter().filter(pulled).count();
        Ok(Poll::when((pulled == ENVIRONMENTS).then_some(()), || {
            format!("{pulled} images are pulled")
        }))
    })
    .await
}

async fn scale(client: Client) -> Result<()> {
    let mut ticks = ticks(PACE);
    let up = Patch::Merge(json!({ "spec": { "replicas": 1 } }));
    for number in 0..PODS {
        ticks.tick().await;
        let deployments: Api<Deployment> = Api::namespaced(client.clone(), &namespace(number));
        let name = format!("{}-leader", name(number));
        deployments
            .patch_scale(&name, &PatchParams::default(), &up)
            .await?;
    }
    Ok(())
}

/// Unlike those of the apps: pods are told apart by it.
fn name(number: usize) -> String {
    format!("tills{number:04}")
}
