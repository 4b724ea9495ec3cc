//! Ten apps at once, and a controller that is killed while they come up.

use anyhow::Result;
use futures::future::try_join_all;
use mendix_cases::{
    Product,
    app::{LIMIT, is_ready},
};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::json;

const NAMESPACE: &str = "case-ten";
const APPS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn ten_apps_become_ready_although_the_controller_is_killed_in_the_middle() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    let url = product.package("ten")?;
    for number in 0..APPS {
        product.apply(NAMESPACE, &app(number, &url)).await?;
    }
    until_ready(&product, 1).await?;
    let killed = product.kill_controllers()?;
    assert!(killed > 0, "no controller was running, so nothing was tested");
    until_ready(&product, APPS).await?;
    let names: Vec<_> = (0..APPS).map(name).collect();
    try_join_all(names.iter().map(|name| product.delete(NAMESPACE, name))).await?;
    Ok(())
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
        let all = apps.list(&kube::api::ListParams::default()).await?;
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
