//! How an app is reached, and that it knows its own address.

use anyhow::Result;
use mendix_cases::{Package, Product, app::LIMIT, app::is_ready, manifest, source::Answer};
use mendix_model::crd::MendixApp;
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};

const INGRESS_NAMESPACE: &str = "case-reach";
const BALANCER_NAMESPACE: &str = "case-balancer";

/// The product, with the endpoints of a namespace.
async fn product(namespace: &str, endpoint: &Value) -> Result<Product> {
    let product = Product::installed().await?;
    product.platform(namespace).await?;
    let change = json!({ "spec": { "endpoint": endpoint } }).to_string();
    let name = "operatorconfiguration/mendix-operator-configuration";
    product.kubectl(namespace, &["patch", name, "--type=merge", "-p", &change])?;
    Ok(product)
}

async fn create(product: &Product, namespace: &str, name: &str) -> Result<()> {
    let bytes = Package::new("A").bytes()?;
    let url = product.source(Answer::Bytes(bytes))?;
    let app = manifest::app(namespace, name, &url);
    product.apply(namespace, &app).await.map(drop)
}

fn url(app: &MendixApp) -> Option<&str> {
    app.status.as_ref()?.app_url.as_deref()
}

/// Waits until the running app itself says its address.
async fn until_root_url(product: &Product, namespace: &str, name: &str, wanted: &str) -> Result<()> {
    let app = product.apps(namespace).get(name).await?;
    wait_for(&format!("ApplicationRootUrl {wanted}"), LIMIT, || async {
        let seen = product.page(&app).await;
        let done = seen
            .as_ref()
            .is_ok_and(|page| page["applicationRootUrl"] == wanted);
        Ok(Poll::when(done.then_some(()), || format!("{seen:?}")))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingress_leads_to_the_app_under_the_address_that_the_app_knows() -> Result<()> {
    let endpoint =
        json!({ "type": "ingress", "ingress": { "domain": "apps.example.com", "enableTLS": false } });
    let product = product(INGRESS_NAMESPACE, &endpoint).await?;
    create(&product, INGRESS_NAMESPACE, "shop").await?;
    let address = "http://shop.apps.example.com";
    let app = product.ready(INGRESS_NAMESPACE, "shop").await?;
    assert_eq!(url(&app), Some(address));
    let ingress = product.kubectl(
        INGRESS_NAMESPACE,
        &["get", "ingress", "shop", "-o", "jsonpath={.spec.rules}"],
    )?;
    let rules: Value = serde_json::from_str(&ingress)?;
    assert_eq!(rules[0]["host"], "shop.apps.example.com", "{rules}");
    assert_eq!(
        rules[0]["http"]["paths"][0]["backend"]["service"],
        json!({ "name": "shop", "port": { "number": 8080 } }),
        "{rules}"
    );
    until_root_url(&product, INGRESS_NAMESPACE, "shop", address).await?;

    // A host of its own.
    let host = json!({ "spec": { "appURL": "shop.example.org" } });
    product.patch(INGRESS_NAMESPACE, "shop", &host).await?;
    until_root_url(&product, INGRESS_NAMESPACE, "shop", "http://shop.example.org").await?;

    let custom = json!({ "ApplicationRootUrl": "https://front.example.org" }).to_string();
    let setting = json!({ "spec": { "runtime": { "customConfiguration": custom } } });
    product.patch(INGRESS_NAMESPACE, "shop", &setting).await?;
    until_root_url(&product, INGRESS_NAMESPACE, "shop", "https://front.example.org").await?;
    product.delete(INGRESS_NAMESPACE, "shop").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_that_a_load_balancer_makes_up_becomes_that_of_the_app() -> Result<()> {
    let endpoint = json!({ "type": "service", "serviceType": "LoadBalancer", "servicePorts": [8080] });
    let product = product(BALANCER_NAMESPACE, &endpoint).await?;
    create(&product, BALANCER_NAMESPACE, "shop").await?;
    product
        .until(
            BALANCER_NAMESPACE,
            "shop",
            "the wait for the load balancer to be told",
            |app| {
                let network = app
                    .status
                    .as_ref()
                    .and_then(|status| status.network_status.clone());
                network.is_some_and(|it| it.contains("waiting for the address of Service shop"))
            },
        )
        .await?;
    for host in ["one.balancer.example.com", "two.balancer.example.com"] {
        balance(&product, host)?;
        let address = format!("http://{host}:8080");
        product
            .until(BALANCER_NAMESPACE, "shop", &address, |app| {
                url(app) == Some(&address) && is_ready(app)
            })
            .await?;
        until_root_url(&product, BALANCER_NAMESPACE, "shop", &address).await?;
    }
    product.delete(BALANCER_NAMESPACE, "shop").await
}

/// What a cloud's controller writes when its load balancer is there.
fn balance(product: &Product, host: &str) -> Result<()> {
    let status = json!({ "status": { "loadBalancer": { "ingress": [{ "hostname": host }] } } }).to_string();
    let patch = [
        "patch",
        "service",
        "shop",
        "--subresource=status",
        "--type=merge",
        "-p",
        &status,
    ];
    product.kubectl(BALANCER_NAMESPACE, &patch).map(drop)
}
