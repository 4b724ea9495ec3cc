//! A database by another name.

use super::Database;
use crate::Product;
use anyhow::{Context, Result};
use serde_json::json;

/// Name of the Service that the other name is of.
const ALIAS: &str = "elsewhere";

/// The database as it is reached by another name from this namespace: a claim tells databases by their names.
pub async fn alias(product: &Product, namespace: &str, database: &Database) -> Result<Database> {
    let server = database.server();
    let (address, port) = server.rsplit_once(':').context("a server without a port")?;
    let port: u16 = port.parse()?;
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": ALIAS, "namespace": namespace },
        "spec": { "clusterIP": "None", "ports": [{ "port": port }] },
    });
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "name": ALIAS, "namespace": namespace, "labels": { "kubernetes.io/service-name": ALIAS },
        },
        "addressType": "IPv4",
        "ports": [{ "port": port }],
        "endpoints": [{ "addresses": [address], "conditions": { "ready": true } }],
    });
    for object in [service, slice] {
        product.apply(namespace, &object).await?;
    }
    Ok(database.at(&format!("{ALIAS}.{namespace}.svc.cluster.local:{port}")))
}
