//! Which webhook is in force.

use super::floor::Floor;
use super::objects::{ASKED, deployment};
use anyhow::{Context, Result};
use base64::Engine as _;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration as Mutating, ValidatingWebhookConfiguration as Validating,
};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use mendix_cases::{Product, app::LIMIT};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};

/// Our configurations, as the chart names them.
const OURS: &str = "mendix-webhook";
const FLOOR: &str = "bench-floor";

/// What judges requests.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Mode {
    None,
    Floor,
    Ours,
}

impl Mode {
    pub(super) const ALL: [Self; 3] = [Self::None, Self::Floor, Self::Ours];
}

pub(super) struct Modes<'a> {
    product: &'a Product,
    floor: Floor,
    ours: (Validating, Mutating),
}

impl<'a> Modes<'a> {
    /// Takes our configurations down, as they are once their authority is known.
    pub(super) async fn prepare(product: &'a Product) -> Result<Self> {
        product.open_namespace(ASKED).await?;
        let label = [
            "label",
            "namespace",
            ASKED,
            "kubectl-mendix.io/guard=enabled",
            "--overwrite",
        ];
        product.run("kubectl", &label)?;
        let registry = product.cluster.registry();
        let address = registry.rsplit_once(':').map_or(registry, |(address, _)| address);
        let ours = (
            Api::all(product.client.clone()).get(OURS).await?,
            Api::all(product.client.clone()).get(OURS).await?,
        );
        let modes = Self {
            product,
            floor: Floor::start(address.parse().context("the registry has no address")?)?,
            ours,
        };
        modes.enter(Mode::None).await?;
        Ok(modes)
    }

    /// Puts a mode in force, and waits until the API server knows.
    pub(super) async fn enter(&self, mode: Mode) -> Result<()> {
        for name in [OURS, FLOOR] {
            self.delete(name).await?;
        }
        match mode {
            Mode::None => {}
            Mode::Floor => {
                self.create(&self.of_floor("Validating")?, &self.of_floor("Mutating")?)
                    .await?;
            }
            Mode::Ours => {
                let (mut validating, mut mutating) = self.ours.clone();
                (
                    validating.metadata.resource_version,
                    mutating.metadata.resource_version,
                ) = (None, None);
                self.create(&validating, &mutating).await?;
            }
        }
        wait_for("the webhook to be in force", LIMIT, || async {
            let found = self.found().await?;
            Ok(Poll::when((found == mode).then_some(()), || {
                format!("{found:?} is")
            }))
        })
        .await
    }

    /// By a leader that only ours refuses.
    async fn found(&self) -> Result<Mode> {
        let before = self.floor.asked();
        let api: Api<Deployment> = Api::namespaced(self.product.client.clone(), ASKED);
        let parameters = PostParams {
            dry_run: true,
            ..PostParams::default()
        };
        let wrong = serde_json::from_value(deployment("probe", 2))?;
        Ok(match api.create(&parameters, &wrong).await {
            Ok(_) if self.floor.asked() > before => Mode::Floor,
            Ok(_) => Mode::None,
            Err(kube::Error::Api(status)) if status.message.contains("MX031") => Mode::Ours,
            Err(error) => return Err(error.into()),
        })
    }

    async fn delete(&self, name: &str) -> Result<()> {
        let client = || self.product.client.clone();
        let (validating, mutating): (Api<Validating>, Api<Mutating>) =
            (Api::all(client()), Api::all(client()));
        if validating.get_opt(name).await?.is_some() {
            validating.delete(name, &DeleteParams::default()).await?;
        }
        if mutating.get_opt(name).await?.is_some() {
            mutating.delete(name, &DeleteParams::default()).await?;
        }
        Ok(())
    }

    async fn create(&self, validating: &Validating, mutating: &Mutating) -> Result<()> {
        let client = || self.product.client.clone();
        let parameters = PostParams::default();
        Api::all(client()).create(&parameters, validating).await?;
        Api::all(client()).create(&parameters, mutating).await?;
        Ok(())
    }

    /// Asked about the same objects as ours.
    fn of_floor<K: serde::de::DeserializeOwned>(&self, kind: &str) -> Result<K> {
        let webhooks = [
            self.webhook("workloads", "apps", "deployments"),
            self.webhook("pods", "", "pods"),
        ];
        // Ours looks at pods only to add the gate.
        let webhooks = if kind == "Validating" {
            &webhooks[..1]
        } else {
            &webhooks[..]
        };
        Ok(serde_json::from_value(json!({
            "metadata": { "name": FLOOR },
            "webhooks": webhooks,
        }))?)
    }

    fn webhook(&self, name: &str, group: &str, resource: &str) -> Value {
        let authority = base64::engine::general_purpose::STANDARD.encode(&self.floor.authority);
        json!({
            "name": format!("{name}.bench.kubectl-mendix.io"),
            "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 5,
            "clientConfig": { "url": self.floor.url, "caBundle": authority },
            "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": ASKED } },
            "rules": [{ "apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": [resource] }],
        })
    }
}
