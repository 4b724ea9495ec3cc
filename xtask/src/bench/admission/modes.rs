//! Which webhook is in force.

use super::floor::Floor;
use super::objects::{ASKED, deployment};
use anyhow::{Context, Result};
use base64::Engine as _;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration as Mutating, ValidatingWebhookConfiguration as Validating,
};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{DeleteParams, PostParams};
use kube::core::ClusterResourceScope;
use kube::{Api, Resource, ResourceExt};
use mendix_cases::{Product, app::LIMIT, dry_run};
use mendix_test_cluster::{Poll, wait_for};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Our configurations, as the chart names them.
const OURS: [&str; 2] = ["mendix-webhook"; 2];
/// The peer's, as its chart names them.
const GATEKEEPER: [&str; 2] = [
    "gatekeeper-validating-webhook-configuration",
    "gatekeeper-mutating-webhook-configuration",
];
const FLOOR: &str = "bench-floor";

/// What judges requests.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Mode {
    None,
    Floor,
    Gatekeeper,
    Ours,
}

impl Mode {
    pub(super) const ALL: [Self; 4] = [Self::None, Self::Floor, Self::Gatekeeper, Self::Ours];
}

pub(super) struct Modes<'a> {
    product: &'a Product,
    floor: Floor,
    /// What puts each in force.
    configurations: BTreeMap<Mode, (Validating, Mutating)>,
}

impl<'a> Modes<'a> {
    /// Takes down the configurations that were installed, as they are once their authorities are known.
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
        let floor = Floor::start(address.parse().context("the registry has no address")?)?;
        let mut modes = Self {
            product,
            configurations: BTreeMap::from([(Mode::Floor, of_floor(&floor)?)]),
            floor,
        };
        for (mode, names) in [(Mode::Gatekeeper, GATEKEEPER), (Mode::Ours, OURS)] {
            let installed = modes.installed(names).await?;
            modes.configurations.insert(mode, installed);
        }
        modes.enter(Mode::None).await?;
        Ok(modes)
    }

    /// What a chart has installed, once its authority is known.
    async fn installed(&self, [validating, mutating]: [&str; 2]) -> Result<(Validating, Mutating)> {
        wait_for("an authority in a configuration", LIMIT, || async {
            let client = || self.product.client.clone();
            let validating: Validating = Api::all(client()).get(validating).await?;
            let mutating: Mutating = Api::all(client()).get(mutating).await?;
            let mut all = validating.webhooks.iter().flatten().map(|it| &it.client_config);
            let known = all.all(|it| it.ca_bundle.as_ref().is_some_and(|it| !it.0.is_empty()));
            Ok(if known {
                Poll::Ready((fresh(validating), fresh(mutating)))
            } else {
                Poll::Pending("it has none yet".to_owned())
            })
        })
        .await
    }

    /// Puts a mode in force, and waits until the API server knows.
    pub(super) async fn enter(&self, mode: Mode) -> Result<()> {
        for (validating, mutating) in self.configurations.values() {
            self.delete(validating).await?;
            self.delete(mutating).await?;
        }
        if let Some((validating, mutating)) = self.configurations.get(&mode) {
            self.create(validating, mutating).await?;
        }
        wait_for("the webhook to be in force", LIMIT, || async {
            let found = self.found().await?;
            Ok(Poll::when((found == mode).then_some(()), || {
                format!("{found:?} is")
            }))
        })
        .await
    }

    /// By a leader that rolls, and more than one: the peer refuses the one, ours mends that and refuses the other.
    async fn found(&self) -> Result<Mode> {
        let before = self.floor.asked();
        let api: Api<Deployment> = Api::namespaced(self.product.client.clone(), ASKED);
        let mut wrong = deployment("probe", 2);
        wrong["spec"]["strategy"]["type"] = "RollingUpdate".into();
        let wrong = serde_json::from_value(wrong)?;
        Ok(match api.create(&dry_run(), &wrong).await {
            Ok(_) if self.floor.asked() > before => Mode::Floor,
            Ok(_) => Mode::None,
            Err(kube::Error::Api(status)) if status.message.contains("MX031") => Mode::Ours,
            Err(kube::Error::Api(status)) if status.message.contains("gatekeeper.sh") => Mode::Gatekeeper,
            Err(error) => return Err(error.into()),
        })
    }

    async fn delete<K>(&self, configuration: &K) -> Result<()>
    where
        K: Resource<DynamicType = (), Scope = ClusterResourceScope> + Clone + DeserializeOwned + Debug,
    {
        let (api, name) = (
            Api::<K>::all(self.product.client.clone()),
            configuration.name_any(),
        );
        match api.delete(&name, &DeleteParams::default()).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn create(&self, validating: &Validating, mutating: &Mutating) -> Result<()> {
        let client = || self.product.client.clone();
        let parameters = PostParams::default();
        Api::all(client()).create(&parameters, validating).await?;
        Api::all(client()).create(&parameters, mutating).await?;
        Ok(())
    }
}

/// As it can be made again.
fn fresh<K: Resource>(mut configuration: K) -> K {
    configuration.meta_mut().resource_version = None;
    configuration.meta_mut().uid = None;
    configuration
}

/// Asked about the same objects as ours. Ours looks at pods only to add the gate.
fn of_floor(floor: &Floor) -> Result<(Validating, Mutating)> {
    let all = [
        webhook(floor, "workloads", "apps", "deployments"),
        webhook(floor, "pods", "", "pods"),
    ];
    let configuration = |webhooks: &[Value]| json!({ "metadata": { "name": FLOOR }, "webhooks": webhooks });
    Ok((
        serde_json::from_value(configuration(&all[..1]))?,
        serde_json::from_value(configuration(&all))?,
    ))
}

fn webhook(floor: &Floor, name: &str, group: &str, resource: &str) -> Value {
    let authority = base64::engine::general_purpose::STANDARD.encode(&floor.authority);
    json!({
        "name": format!("{name}.bench.kubectl-mendix.io"),
        "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 5,
        "clientConfig": { "url": floor.url, "caBundle": authority },
        "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": ASKED } },
        "rules": [{ "apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": [resource] }],
    })
}
