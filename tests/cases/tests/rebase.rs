//! Another base image under an app that runs, without its package.

use anyhow::{Context, Result, ensure};
use mendix_cases::requests::Requests;
use mendix_cases::{Package, Product};
use mendix_tasks::image::{
    ConfigChanges, Credentials, Entry, ImageSpec, Platform, Registry, RegistryOptions, fetch_image,
    parse_reference, push_image, write_layer,
};
use mendix_tasks::progress::NoProgress;

const NAMESPACE: &str = "case-registry";

/// The base with a file on top, as one that was mended.
async fn mended_base(registry: &str) -> Result<String> {
    let client = Registry::new(RegistryOptions {
        plain_http: vec![registry.to_owned()],
        credentials: Credentials::default(),
    })?;
    let base = parse_reference(&format!("{registry}/runtime-base:10.24.0"))?;
    let target = format!("{registry}/runtime-base:10.24.0-mended");
    let image = ImageSpec {
        target: parse_reference(&target)?,
        base: Some(fetch_image(&client, &base, &Platform::current()).await?),
        layers: vec![write_layer([Entry::bytes(
            "opt/mendix/runtime/mended",
            0o664,
            "yes",
        )])?],
        config: ConfigChanges::default(),
        platform: Platform::current(),
    };
    push_image(&client, &image, &NoProgress).await?;
    Ok(target)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_gets_another_base_while_it_serves() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    let folder = tempfile::tempdir()?;
    let package = folder.path().join("based.mda");
    std::fs::write(&package, Package::new("based").bytes()?)?;
    let package = package.display().to_string();
    let plans = ["--database-plan", "postgres", "--storage-plan", "container"];
    let deploy = [
        "deploy",
        "based",
        "--package",
        &package,
        "--replicas",
        "2",
        "--wait",
    ];
    product.mendix_in(NAMESPACE, 0, &[&deploy[..], &plans[..]].concat())?;
    let app = product.ready(NAMESPACE, "based").await?;
    product.until_page(&app).await?;
    let status = |app: mendix_model::crd::MendixApp| app.status.context("no status");
    let before = status(app.clone())?;
    let base = mended_base(product.cluster.registry()).await?;
    let requests = Requests::begin(product.address(&app)?)?;
    product.mendix_in(NAMESPACE, 0, &["rebase", "--all", "--base", &base, "--wait"])?;
    let after = status(product.ready(NAMESPACE, "based").await?)?;
    let answers = requests.end().await?;
    ensure!(
        after.image != before.image && after.model == before.model,
        "{after:#?}"
    );
    ensure!(answers.good > 0 && answers.failed.is_empty(), "{answers:#?}");
    let words = product.mendix_in(NAMESPACE, 0, &["rebase", "based", "--base", &base])?;
    let words = String::from_utf8_lossy(&words.stderr).into_owned();
    ensure!(words.contains("based has this base already"), "{words}");
    product.delete(NAMESPACE, "based").await
}
