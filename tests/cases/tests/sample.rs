//! A real deployment package of Mendix. It is not in this repository: without it the case is skipped.

use anyhow::Result;
use mendix_cases::Product;
use std::path::Path;

const NAMESPACE: &str = "case-sample";
const PACKAGE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/data/sample-6.2.0.mda"
);

#[tokio::test(flavor = "multi_thread")]
async fn a_real_package_is_built_here_deployed_and_served() -> Result<()> {
    if !Path::new(PACKAGE).is_file() {
        println!("skipped: there is no {PACKAGE}");
        return Ok(());
    }
    let product = Product::installed().await?;
    base_image_for(&product, "6.2.0").await?;
    product.platform(NAMESPACE).await?;
    let deploy = [
        "deploy",
        "sample",
        "--package",
        PACKAGE,
        "--database-plan",
        "postgres",
        "--storage-plan",
        "container",
        "--dtap-mode",
        "D",
        "--wait",
    ];
    product.mendix_in(NAMESPACE, 0, &deploy)?;
    let app = product.ready(NAMESPACE, "sample").await?;
    let page = product.until_page(&app).await?;
    assert_eq!(page["corrupted"], false, "{page}");
    let model = app.status.and_then(|status| status.model).unwrap_or_default();
    assert_eq!(model.len(), 40, "the model is the package's checksum: {model:?}");
    product.delete(NAMESPACE, "sample").await
}

/// Gives the base image that is there the tag of another runtime version: the double plays any.
async fn base_image_for(product: &Product, version: &str) -> Result<()> {
    let manifests = format!("http://{}/v2/runtime-base/manifests", product.cluster.registry());
    let client = reqwest::Client::new();
    let form = "application/vnd.oci.image.manifest.v1+json";
    let read = client.get(format!("{manifests}/10.24.0")).header("accept", form);
    let manifest = read.send().await?.error_for_status()?.bytes().await?;
    let write = client
        .put(format!("{manifests}/{version}"))
        .header("content-type", form);
    write.body(manifest).send().await?.error_for_status()?;
    Ok(())
}
