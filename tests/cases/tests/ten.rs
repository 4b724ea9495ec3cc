//! Ten apps at once: the controller is killed while they come up, and then another release of it takes over.

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt, api::ListParams};
use mendix_cases::{
    Product,
    app::{LIMIT, is_ready},
};
use mendix_model::names::{COMPONENT_LABEL, Component};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::json;

const NAMESPACE: &str = "case-ten";
const APPS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn ten_apps_become_ready_although_the_controller_is_killed_and_stay_when_it_is_upgraded() -> Result<()>
{
    let product = Product::installed_for(NAMESPACE).await?;
    let url = product.package("ten")?;
    for number in 0..APPS {
        product.apply(NAMESPACE, &app(number, &url)).await?;
    }
    until_ready(&product, 1).await?;
    let killed = product.kill_controllers()?;
    assert!(killed > 0, "no controller was running, so nothing was tested");
    until_ready(&product, APPS).await?;
    another_release_restarts_none(&product).await?;
    let names: Vec<_> = (0..APPS).map(name).collect();
    try_join_all(names.iter().map(|name| product.delete(NAMESPACE, name))).await?;
    Ok(())
}

/// The next release has another guard, which is part of each template. Every app gets a second pod, so that it is seen
/// that its controller has looked at each.
async fn another_release_restarts_none(product: &Product) -> Result<()> {
    let before = pods(product).await?;
    let next = product.upgrade().await?;
    for number in 0..APPS {
        let scaled = json!({ "spec": { "replicas": 2 } });
        product.patch(NAMESPACE, &name(number), &scaled).await?;
        product.ready(NAMESPACE, &name(number)).await?;
    }
    let after = pods(product).await?;
    ensure!(after.len() == 2 * before.len(), "{after:#?}");
    ensure!(
        before.iter().all(|pod| after.contains(pod)),
        "{before:#?}\n{after:#?}"
    );
    ensure!(after.iter().all(|pod| pod.guard != next), "{after:#?}");
    product.mendix_in(NAMESPACE, 0, &["refresh", &name(0), "--wait"])?;
    let is_meant = |pod: &Seen| pod.name.starts_with(&format!("{}-", name(0)));
    let refreshed = wait_for("pods of the other release", LIMIT, || async {
        let all = pods(product).await?;
        let done = all
            .iter()
            .filter(|pod| is_meant(pod))
            .all(|pod| pod.guard == next);
        Ok(Poll::when(done.then(|| all.clone()), || format!("{all:#?}")))
    })
    .await?;
    for pod in refreshed.iter().filter(|pod| !is_meant(pod)) {
        ensure!(after.contains(pod), "{after:#?}\n{refreshed:#?}");
    }
    Ok(())
}

/// A pod of an app, as far as a restart would show.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Seen {
    name: String,
    uid: Option<String>,
    restarts: i32,
    guard: String,
}

async fn pods(product: &Product) -> Result<Vec<Seen>> {
    let api: Api<Pod> = Api::namespaced(product.client.clone(), NAMESPACE);
    let labels = format!("{COMPONENT_LABEL}={}", Component::Runtime.as_str());
    let all = api.list(&ListParams::default().labels(&labels)).await?;
    let staying = all
        .items
        .iter()
        .filter(|pod| pod.metadata.deletion_timestamp.is_none());
    Ok(staying.map(seen).collect())
}

fn seen(pod: &Pod) -> Seen {
    let status = pod.status.clone().unwrap_or_default();
    let containers = status.container_statuses.unwrap_or_default();
    let first = || {
        pod.spec
            .as_ref()?
            .init_containers
            .as_ref()?
            .first()?
            .image
            .clone()
    };
    Seen {
        name: pod.name_any(),
        uid: pod.uid(),
        restarts: containers.iter().map(|container| container.restart_count).sum(),
        guard: first().unwrap_or_default(),
    }
}

fn name(number: usize) -> String {
    format!("app{number}")
}

fn app(number: usize, url: &str) -> serde_json::Value {
    json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1",
        "kind": "MendixApp",
        "metadata": { "name": name(number), "namespace": NAMESPACE },
        "spec": {
            "database": { "servicePlan": "postgres" },
            "storage": { "servicePlan": "container" },
            "sourceURL": url,
            "runtime": { "dtapMode": "D" },
        },
    })
}

async fn until_ready(product: &Product, wanted: usize) -> Result<()> {
    let apps = product.apps(NAMESPACE);
    wait_for(&format!("{wanted} apps to be ready"), LIMIT * 2, || async {
        let all = apps.list(&ListParams::default()).await?;
        let ready = all.items.iter().filter(|app| is_ready(app)).count();
        let states: Vec<_> = all
            .items
            .iter()
            .filter_map(|app| app.status.as_ref()?.state.clone())
            .collect();
        Ok(if ready >= wanted {
            Poll::Ready(())
        } else {
            Poll::Pending(states.join(", "))
        })
    })
    .await
}
