//! A leader and its workers behind one Service.

use super::served::{service, until_it_answers};
use super::{Database, Environment};
use crate::Product;
use anyhow::Result;
use serde_json::json;

/// An app of several pods that answers.
pub struct Pair {
    /// What its manifests have in common.
    pub environment: Environment,
    /// Where it answers.
    pub url: String,
    /// What it writes to.
    pub database: Database,
}

impl Pair {
    /// Starts it and waits until it answers. Where the environment has labels, its namespace must be protected.
    ///
    /// # Errors
    /// When something cannot be made, or it does not answer in time.
    pub async fn start(product: &Product, environment: Environment, workers: u32) -> Result<Self> {
        let (namespace, name) = (environment.namespace.as_str(), environment.name.as_str());
        let database = Database::create(product.cluster.postgres_url(), name).await?;
        let mut leader = environment.leader();
        leader["spec"]["strategy"] = json!({ "type": "Recreate" });
        let objects = [
            environment.secret(&database.url()),
            service(namespace, name),
            leader,
        ];
        let worker = (workers > 0).then(|| environment.worker(workers));
        for object in objects.into_iter().chain(worker) {
            product.apply(namespace, &object).await?;
        }
        let url = until_it_answers(product, namespace, name).await?;
        let pair = Self {
            environment,
            url,
            database,
        };
        pair.until_rolled_out(product)?;
        Ok(pair)
    }

    /// Its Deployments.
    ///
    /// # Errors
    /// When kubectl fails.
    pub fn deployments(&self, product: &Product) -> Result<Vec<String>> {
        let selector = format!("app={}", self.environment.name);
        let names = ["get", "deployments", "-l", &selector, "-o", "name"];
        let names = product.kubectl(&self.environment.namespace, &names)?;
        Ok(names.lines().map(ToOwned::to_owned).collect())
    }

    /// Waits until all of its pods are of the present template and ready.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn until_rolled_out(&self, product: &Product) -> Result<()> {
        for deployment in self.deployments(product)? {
            let status = ["rollout", "status", &deployment, "--timeout=3m"];
            product.kubectl(&self.environment.namespace, &status)?;
        }
        Ok(())
    }
}
