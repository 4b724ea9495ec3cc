//! Which webhook is in force.

use super::births::Births;
use super::floor;
use super::objects::{ASKED, deployment};
use anyhow::Result;
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
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Our configurations, as the chart names them.
const OURS: [&str; 2] = ["mendix-webhook"; 2];
/// The peer's, as its chart names them.
const GATEKEEPER: [&str; 2] = [
    "gatekeeper-validating-webhook-configuration",
    "gatekeeper-mutating-webhook-configuration",
];

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
    /// What puts each in force.
    configurations: BTreeMap<Mode, (Validating, Mutating)>,
    births: Births,
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
        let mut modes = Self {
            product,
            configurations: BTreeMap::from([(Mode::Floor, floor::install(product).await?)]),
            births: Births::read(product.client.clone()).await?,
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
        self.births.unbind().await?;
        if let Some((validating, mutating)) = self.configurations.get(&mode) {
            self.create(validating, mutating).await?;
        }
        if mode == Mode::Ours {
            self.births.bind().await?;
        }
        self.wait_for(mode).await
    }

    async fn wait_for(&self, mode: Mode) -> Result<()> {
        wait_for("the webhook to be in force", LIMIT, || async {
            let (found, births) = (self.found().await?, self.births.in_force().await?);
            let entered = found == mode && births == (mode == Mode::Ours);
            Ok(Poll::when(entered.then_some(()), || {
                format!("{found:?} is, and the gate is added: {births}")
            }))
        })
        .await
    }

    /// By a leader that rolls, and more than one: the peer refuses the one, ours mends that and refuses the other.
    async fn found(&self) -> Result<Mode> {
        let api: Api<Deployment> = Api::namespaced(self.product.client.clone(), ASKED);
        let mut wrong = deployment("probe", 2);
        wrong["spec"]["strategy"]["type"] = "RollingUpdate".into();
        let wrong = serde_json::from_value(wrong)?;
        Ok(match api.create(&dry_run(), &wrong).await {
            Ok(_) => Mode::None,
            Err(kube::Error::Api(status)) if status.message.contains("idle-webhook") => Mode::Floor,
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
        absent(api.delete(&name, &DeleteParams::default()).await)
    }

    async fn create(&self, validating: &Validating, mutating: &Mutating) -> Result<()> {
        let client = || self.product.client.clone();
        let parameters = PostParams::default();
        Api::all(client()).create(&parameters, validating).await?;
        Api::all(client()).create(&parameters, mutating).await?;
        Ok(())
    }
}

/// What was not there needed no deletion.
pub(super) fn absent<T>(deleted: kube::Result<T>) -> Result<()> {
    match deleted {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// As it can be made again.
pub(super) fn fresh<K: Resource>(mut configuration: K) -> K {
    configuration.meta_mut().resource_version = None;
    configuration.meta_mut().uid = None;
    configuration
}
