//! What the controller mends, what it leaves alone, and what does not stop it.

use anyhow::{Result, ensure};
use mendix_cases::{Product, app::LIMIT, app::is_ready, manifest, source::Answer, words::stalled};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};

const NAMESPACE: &str = "case-repair";

/// An app that is ready.
async fn deployed(product: &Product, name: &str) -> Result<()> {
    let mut app = manifest::app(NAMESPACE, name, &product.package("A")?);
    // Some are scaled, and a database in memory has one pod (MX108).
    app["spec"]["database"]["servicePlan"] = "postgres".into();
    product.apply(NAMESPACE, &app).await?;
    product.ready(NAMESPACE, name).await.map(drop)
}

/// Waits until a field has a value, as text.
async fn until_field(
    product: &Product,
    object: &str,
    path: &str,
    wanted: impl Fn(&str) -> bool,
) -> Result<()> {
    let output = format!("jsonpath={path}");
    wait_for(&format!("{path} of {object}"), LIMIT, || async {
        let value = product.kubectl(NAMESPACE, &["get", object, "-o", &output])?;
        Ok(Poll::when(wanted(&value).then_some(()), || value))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn hand_edits_of_own_fields_are_mended_and_foreign_fields_stay() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    deployed(&product, "edited").await?;
    let kubectl = |arguments: &[&str]| product.kubectl(NAMESPACE, arguments);
    for object in ["deployment/edited-master", "service/edited"] {
        kubectl(&["annotate", object, "example.com/by=hand"])?;
        kubectl(&["label", object, "example.com/team=shop"])?;
    }
    let path = "jsonpath={.spec.selector}";
    let selector = kubectl(&["get", "service/edited", "-o", path])?;
    kubectl(&["scale", "deployment/edited-master", "--replicas=3"])?;
    // A changed label, and one more than there was: either leads all traffic astray.
    let labels = json!({ "privatecloud.mendix.com/app": "other", "example.com/by": "hand" });
    let elsewhere = json!({ "spec": { "selector": labels } }).to_string();
    kubectl(&["patch", "service/edited", "-p", &elsewhere])?;

    until_field(&product, "deployment/edited-master", "{.spec.replicas}", |it| {
        it == "1"
    })
    .await?;
    until_field(&product, "service/edited", "{.spec.selector}", |it| {
        it == selector
    })
    .await?;
    for object in ["deployment/edited-master", "service/edited"] {
        let metadata = kubectl(&["get", object, "-o", "jsonpath={.metadata}"])?;
        assert!(
            metadata.contains(r#""example.com/by":"hand""#)
                && metadata.contains(r#""example.com/team":"shop""#),
            "{metadata}"
        );
    }
    product.delete(NAMESPACE, "edited").await
}

/// The API server takes every whole number where a number or a text may stand; the type behind it holds 32 bits.
fn unreadable() -> Value {
    let mut app = manifest::app(NAMESPACE, "unreadable", "http://192.0.2.1/app.mda");
    app["spec"]["podDisruptionBudget"] = json!({ "maxUnavailable": 5_000_000_000_u64 });
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_cannot_be_read_says_so_and_stops_no_other() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    product.apply(NAMESPACE, &unreadable()).await?;
    let stalled = r#"{.status.conditions[?(@.type=="Stalled")].message}"#;
    until_field(&product, "mendixapp/unreadable", stalled, |it| {
        it.contains("unreadable does not have the form of a MendixApp") && it.contains("5000000000")
    })
    .await?;
    deployed(&product, "readable").await?;
    product.delete(NAMESPACE, "readable").await?;
    product
        .kubectl(NAMESPACE, &["delete", "mendixapp", "unreadable"])
        .map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_build_leaves_the_running_app_as_it_is_and_editable() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    deployed(&product, "kept").await?;
    let gone = product.source(Answer::Status(404, "gone"))?;
    let newer = json!({ "spec": { "sourceURL": gone } });
    product.patch(NAMESPACE, "kept", &newer).await?;
    let sentence = product.stalled(NAMESPACE, "kept").await?;
    assert!(sentence.contains("build: failed to build"), "{sentence}");

    let custom = json!({ "ApplicationRootUrl": "https://kept.example.com" }).to_string();
    let setting = json!({ "spec": { "runtime": { "customConfiguration": custom } } });
    product.patch(NAMESPACE, "kept", &setting).await?;
    until_page(&product, "kept", |page| {
        page["applicationRootUrl"] == "https://kept.example.com"
    })
    .await?;
    let app = product.apps(NAMESPACE).get("kept").await?;
    let page = product.page(&app).await?;
    assert_eq!(page["model"], "A", "{page}");
    product
        .until(NAMESPACE, "kept", "the failed build to be told still", |app| {
            stalled(app).is_some_and(|it| it.contains("HTTP 404"))
        })
        .await?;

    let mended = json!({ "spec": { "sourceURL": product.package("B")? } });
    product.patch(NAMESPACE, "kept", &mended).await?;
    until_page(&product, "kept", |page| page["model"] == "B").await?;
    product.ready(NAMESPACE, "kept").await?;
    product.delete(NAMESPACE, "kept").await
}

/// Waits for what an app answers; while its only pod is replaced it answers nothing.
async fn until_page(product: &Product, name: &str, wanted: impl Fn(&Value) -> bool) -> Result<()> {
    let app = product.apps(NAMESPACE).get(name).await?;
    wait_for("the page", LIMIT, || async {
        let seen = product.page(&app).await;
        let done = seen.as_ref().is_ok_and(&wanted);
        Ok(Poll::when(done.then_some(()), || format!("{seen:?}")))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_autoscaler_finds_the_scale_of_an_app() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    deployed(&product, "scaled").await?;
    let autoscale = [
        "autoscale",
        "mendixapp",
        "scaled",
        "--min=2",
        "--max=3",
        "--cpu=50%",
    ];
    product.kubectl(NAMESPACE, &autoscale)?;
    let scaler = "horizontalpodautoscaler/scaled";
    // The app names no replicas. Without a metrics server the autoscaler's minimum is all that it can act upon: that goes through the subresource too.
    until_field(&product, scaler, "{.status.conditions}", |it| {
        resolves(it).is_ok()
    })
    .await?;
    product
        .until(NAMESPACE, "scaled", "two pods", |app| {
            app.spec.replicas == Some(2) && is_ready(app)
        })
        .await?;
    product.kubectl(NAMESPACE, &["delete", scaler])?;
    product.delete(NAMESPACE, "scaled").await
}

/// Whether the conditions of an autoscaler say that it has read the scale, selector included.
fn resolves(conditions: &str) -> Result<()> {
    let conditions: Vec<Value> = serde_json::from_str(conditions)?;
    let reason = |kind: &str| {
        let found = conditions.iter().find(|condition| condition["type"] == kind);
        found.map_or("", |condition| condition["reason"].as_str().unwrap_or_default())
    };
    ensure!(["SucceededGetScale", "SucceededRescale", "ReadyForNewScale"].contains(&reason("AbleToScale")));
    // The metrics are what is missing here, not the selector by which their pods are found.
    ensure!(reason("ScalingActive") == "FailedGetResourceMetric");
    Ok(())
}
