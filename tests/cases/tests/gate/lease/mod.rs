//! Ways that the gate cannot see, since the API server knows nothing of them, or is told an untruth. There the rows in
//! the database hold (level L3), for pods that carry the guard: those of our own apps.
//!
//! The guarded side is such an app, on a database that its Secret names; the other one has plain manifests and no labels.

mod alias;
mod clusters;
mod fenced;
mod foreign;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::ListParams};
use mendix_cases::{Product, app::LIMIT, manifest, plain::Database};
use mendix_model::conditions::DATABASE_LEASE;
use mendix_model::names::{ENVIRONMENT_LABEL, ROLE_LABEL};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};

/// Namespace of the guarded side.
const NAMESPACE: &str = "case-lease";

/// An app of ours.
struct App {
    product: Product,
    name: &'static str,
}

impl App {
    /// Applies it, on this database.
    async fn apply(product: &Product, name: &'static str, database: &Database) -> Result<Self> {
        product.apply(NAMESPACE, &secret(name, database)).await?;
        product.apply(NAMESPACE, &app(product, name)?).await?;
        Ok(Self {
            product: product.clone(),
            name,
        })
    }

    fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.product.kubectl(NAMESPACE, arguments)
    }

    /// The leader's pods.
    async fn pods(&self) -> Result<Vec<Pod>> {
        let api: Api<Pod> = Api::namespaced(self.product.client.clone(), NAMESPACE);
        let labels = format!("{ENVIRONMENT_LABEL}={},{ROLE_LABEL}=leader", self.name);
        Ok(api.list(&ListParams::default().labels(&labels)).await?.items)
    }

    /// The leader's pod that is not to end.
    async fn pod(&self) -> Result<Pod> {
        let all = self.pods().await?.into_iter();
        let mut staying = all.filter(|pod| pod.metadata.deletion_timestamp.is_none());
        staying.next().context("there is no pod of the leader")
    }

    /// Waits until the status of the app says this of its lease.
    async fn until_told(&self, words: &str) -> Result<()> {
        wait_for("a word of the lease in the status", LIMIT, || async {
            let app = self.product.apps(NAMESPACE).get(self.name).await?;
            let conditions = app.status.map(|status| status.conditions).unwrap_or_default();
            let lease = conditions.iter().find(|it| it.type_ == DATABASE_LEASE);
            let told = lease.is_some_and(|it| it.status == "False" && it.message.contains(words));
            Ok(Poll::when(told.then_some(()), || format!("{conditions:?}")))
        })
        .await
    }

    /// Takes it down. The Secret and the database stay.
    fn delete(&self) -> Result<()> {
        self.kubectl(&["delete", "mendixapp", self.name, "--timeout=150s"])
            .map(drop)
    }
}

/// The database of an app, and the annotation that attaches it.
fn secret(name: &str, database: &Database) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "annotations": { "privatecloud.mendix.com/environment-secret": "true" },
        },
        "stringData": database.keys(),
    })
}

fn app(product: &Product, name: &str) -> Result<Value> {
    let mut app = manifest::app(NAMESPACE, name, &product.package("A")?);
    app["spec"]["database"] = Value::Null;
    app["spec"]["allowOverrideSecretsWithSecretStoreCSIDriver"] = true.into();
    Ok(app)
}
