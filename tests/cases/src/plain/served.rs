//! A leader behind a Service, without labels of ours.

use super::{Database, Environment, Style, push};
use crate::app::LIMIT;
use crate::{Package, Product};
use anyhow::Result;
use mendix_model::names::APP_PORT;
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};

/// An app that nothing guards, and that answers.
pub struct Served {
    /// Where it answers.
    pub url: String,
    /// What it writes to.
    pub database: Database,
}

impl Served {
    /// Starts it in a namespace; `change` has the last word on its Deployment. Waits until it answers.
    ///
    /// # Errors
    /// When something cannot be made, or it does not answer in time.
    pub async fn start(
        product: &Product,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<Self> {
        let (registry, package) = (product.cluster.registry(), Package::new("A"));
        let image = push(registry, Style::Buildpack, &format!("{name}:1"), &package).await?;
        let environment = Environment::new(namespace, name, Style::Buildpack, &image.tag).unlabelled();
        let database = Database::create(product.cluster.postgres_url(), name).await?;
        let mut leader = environment.leader();
        leader["spec"]["strategy"] = json!({ "type": "Recreate" });
        change(&mut leader);
        for object in [
            environment.secret(&database.url()),
            service(namespace, name),
            leader,
        ] {
            product.apply(namespace, &object).await?;
        }
        let url = until_it_answers(product, namespace, name).await?;
        Ok(Self { url, database })
    }
}

pub(super) fn service(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": name, "namespace": namespace },
        "spec": { "selector": { "app": name }, "ports": [{ "port": APP_PORT }] },
    })
}

/// Waits until the Service answers; tells its address.
pub(super) async fn until_it_answers(product: &Product, namespace: &str, name: &str) -> Result<String> {
    let address = ["get", "service", name, "-o", "jsonpath={.spec.clusterIP}"];
    let url = format!("http://{}:{APP_PORT}/", product.kubectl(namespace, &address)?);
    wait_for("the app to serve", LIMIT, || async {
        let answer = reqwest::get(&url).await;
        let serves = answer.as_ref().is_ok_and(|it| it.status().is_success());
        Ok(Poll::when(serves.then_some(()), || format!("{answer:?}")))
    })
    .await?;
    Ok(url)
}
