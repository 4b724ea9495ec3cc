//! A provisioner that is not ours, by the contract of docs/provisioners.md.

use anyhow::{Context, Result, ensure};
use mendix_cases::{Package, Product, manifest, source::Answer, words::in_one_line};
use mendix_tasks::{
    image::{
        ConfigChanges, Credentials, Entry, ImageSpec, Platform, Registry, RegistryOptions, parse_reference,
        push_image, write_layer,
    },
    progress::NoProgress,
};
use serde_json::{Value, json};
use std::{path::Path, process::Command};

const NAMESPACE: &str = "case-provisioner";
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/provisioner/main.go");

/// Plans whose provisioner makes a mistake, and what the chart's policy says to it.
const REFUSED: &[(&str, &str)] = &[
    (
        "name",
        "of the name of its own pod: take the name from MENDIX_SECRET_NAME",
    ),
    (
        "label",
        "needs label kubectl-mendix.io/storage-instance with its own name: take it from MENDIX_STORAGE_INSTANCE",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_provisioner_works_by_the_contract_and_is_told_where_it_leaves_it() -> Result<()> {
    let product = Product::installed().await?;
    product.platform(NAMESPACE).await?;
    let image = image(product.cluster.registry()).await?;
    create(&product, &image, "none").await?;
    for (mistake, _) in REFUSED {
        create(&product, &image, mistake).await?;
    }
    product.ready(NAMESPACE, &name("none")).await?;
    for (mistake, sentence) in REFUSED {
        is_refused(&product, &name(mistake), sentence).await?;
    }
    for mistake in ["none", "name", "label"] {
        product.delete(NAMESPACE, &name(mistake)).await?;
    }
    Ok(())
}

fn name(mistake: &str) -> String {
    format!("mistake-{mistake}")
}

async fn is_refused(product: &Product, name: &str, sentence: &str) -> Result<()> {
    let status = in_one_line(&product.stalled(NAMESPACE, name).await?);
    ensure!(
        status.contains(sentence),
        "status of {name}: {sentence:?} is not in {status:?}"
    );
    let told = product.told(NAMESPACE, name)?;
    ensure!(told.contains(sentence), "{sentence:?} is not in {told:?}");
    Ok(())
}

/// A plan with the foreign provisioner, and an app whose database it makes.
async fn create(product: &Product, image: &str, mistake: &str) -> Result<()> {
    product.apply(NAMESPACE, &plan(image, mistake)).await?;
    let package = Package::new("A").bytes()?;
    let url = product.source(Answer::Bytes(package))?;
    let mut app = manifest::app(NAMESPACE, &name(mistake), &url);
    app["spec"]["database"]["servicePlan"] = name(mistake).into();
    product.apply(NAMESPACE, &app).await.map(drop)
}

fn plan(image: &str, mistake: &str) -> Value {
    json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1",
        "kind": "StoragePlan",
        "metadata": { "name": name(mistake), "namespace": NAMESPACE },
        "spec": {
            "type": "on-demand",
            "purpose": "database",
            "provisioner": { "image": image, "env": [{ "name": "MISTAKE", "value": mistake }] },
        },
    })
}

/// Builds and pushes the foreign provisioner, and returns its reference by digest.
async fn image(registry: &str) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("provisioner");
    compile(&program)?;
    let client = Registry::new(RegistryOptions {
        plain_http: vec![registry.to_owned()],
        credentials: Credentials::default(),
    })?;
    let image = ImageSpec {
        target: parse_reference(&format!("{registry}/foreign-provisioner:test"))?,
        base: None,
        layers: vec![write_layer([Entry::file("provisioner", 0o775, program)])?],
        config: ConfigChanges {
            entrypoint: Some(vec!["/provisioner".to_owned()]),
            user: Some("65532:0".to_owned()),
            ..ConfigChanges::default()
        },
        platform: Platform::current(),
    };
    Ok(push_image(&client, &image, &NoProgress).await?.reference)
}

/// Go is what the test clusters are built with, so it is there.
fn compile(program: &Path) -> Result<()> {
    let output = Command::new("go")
        .args(["build", "-trimpath", "-ldflags=-s -w", "-o"])
        .arg(program)
        .arg(PROGRAM)
        .env("CGO_ENABLED", "0")
        .output()
        .context("failed to start go")?;
    ensure!(
        output.status.success(),
        "go build failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
