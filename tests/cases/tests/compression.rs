//! What the container runtime of a node makes of layers that are compressed in each way.

use anyhow::{Result, ensure};
use mendix_cases::{Package, Product};

const NAMESPACE: &str = "case-deploy";

#[tokio::test(flavor = "multi_thread")]
async fn a_node_runs_layers_of_each_compression() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    let folder = tempfile::tempdir()?;
    let package = folder.path().join("packed.mda");
    std::fs::write(&package, Package::new("packed").bytes()?)?;
    let package = package.display().to_string();
    for compression in ["reuse", "gzip-recompress", "zstd"] {
        let deploy = [
            "deploy",
            "packed",
            "--package",
            &package,
            "--compression",
            compression,
            "--wait",
        ];
        let plans = ["--database-plan", "postgres", "--storage-plan", "container"];
        product.mendix_in(NAMESPACE, 0, &[&deploy[..], &plans[..]].concat())?;
        let app = product.ready(NAMESPACE, "packed").await?;
        let page = product.until_page(&app).await?;
        ensure!(page["model"] == "packed", "{compression}: {page}");
    }
    product.delete(NAMESPACE, "packed").await
}
