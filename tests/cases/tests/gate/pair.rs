//! Two apps of the same manifests on databases of their own: the one labelled, in a namespace under the gate; the other
//! without labels, in a namespace without.

use anyhow::{Context, Result, ensure};
use futures::future::try_join;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt, api::ListParams};
use mendix_cases::{
    Package, Product,
    app::LIMIT,
    plain::{Database, Environment, Image, Style, Summary, push},
};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};

/// Namespace under the gate.
const GUARDED: &str = "case-gate";
/// Namespace that nothing guards.
const OPEN: &str = "case-open";

/// One of the two apps.
pub(crate) struct Side {
    pub(crate) product: Product,
    pub(crate) namespace: &'static str,
    pub(crate) environment: Environment,
    pub(crate) database: Database,
}

/// Both apps.
pub(crate) struct Pair {
    pub(crate) guarded: Side,
    pub(crate) open: Side,
    /// Images of two models.
    pub(crate) images: [Image; 2],
}

impl Pair {
    /// Images and databases for both, nothing of them running yet.
    pub(crate) async fn new(name: &str) -> Result<Self> {
        let product = Product::installed().await?;
        product.open_namespace(OPEN).await?;
        let images = images(product.cluster.registry(), name).await?;
        let environment = |namespace| Environment::new(namespace, name, Style::Buildpack, &images[0].tag);
        Ok(Self {
            guarded: Side::new(&product, GUARDED, environment(GUARDED)).await?,
            open: Side::new(&product, OPEN, environment(OPEN).unlabelled()).await?,
            images,
        })
    }

    /// Does the same to both.
    pub(crate) async fn both(&self, fault: impl AsyncFn(&Side) -> Result<()>) -> Result<()> {
        try_join(fault(&self.guarded), fault(&self.open)).await?;
        Ok(())
    }

    /// Starts a leader of the first model with this strategy, and waits for it.
    pub(crate) async fn with_leader(name: &str, strategy: &str) -> Result<Self> {
        let pair = Self::new(name).await?;
        pair.both(async |side| {
            let mut leader = side.environment.leader();
            leader["spec"]["strategy"] = json!({ "type": strategy });
            side.apply(&leader).await?;
            side.until("a leader", |summary| summary.running().count() == 1)
                .await
        })
        .await?;
        Ok(pair)
    }

    /// The one under the gate held, the other did not.
    pub(crate) async fn judge(self) -> Result<()> {
        let (guarded, open) = (self.guarded.end().await?, self.open.end().await?);
        ensure!(!guarded.is_corrupted(), "the gate did not hold: {guarded:#?}");
        ensure!(
            open.is_corrupted(),
            "the fault harmed nobody, so it proves nothing: {open:#?}"
        );
        Ok(())
    }
}

impl Side {
    async fn new(product: &Product, namespace: &'static str, environment: Environment) -> Result<Self> {
        let database = Database::create(
            product.cluster.postgres_url(),
            &environment.name.replace('-', "_"),
        )
        .await?;
        let side = Self {
            product: product.clone(),
            namespace,
            environment,
            database,
        };
        side.apply(&side.environment.secret(&side.database)).await?;
        Ok(side)
    }

    pub(crate) async fn apply(&self, object: &Value) -> Result<()> {
        self.product.apply(self.namespace, object).await.map(drop)
    }

    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.product.kubectl(self.namespace, arguments)
    }

    pub(crate) async fn until(&self, what: &str, done: impl Fn(&Summary) -> bool) -> Result<()> {
        self.database.until(what, done).await.map(drop)
    }

    /// Name of the leader's Deployment, as kubectl takes it.
    pub(crate) fn leader(&self) -> String {
        format!("deployment/{}-leader", self.environment.name)
    }

    /// Selects the leader's pods.
    pub(crate) fn leader_pods(&self) -> String {
        format!("app={},part=leader", self.environment.name)
    }

    /// Name of one of the leader's pods.
    pub(crate) async fn leader_pod(&self) -> Result<String> {
        let pods: Api<Pod> = Api::namespaced(self.product.client.clone(), self.namespace);
        let found = pods
            .list(&ListParams::default().labels(&self.leader_pods()))
            .await?;
        found
            .items
            .first()
            .map(ResourceExt::name_any)
            .context("there is no pod of the leader")
    }

    /// Waits until so many pods of the app are there, whether they run or not.
    pub(crate) async fn until_pods(&self, count: usize) -> Result<()> {
        let pods: Api<Pod> = Api::namespaced(self.product.client.clone(), self.namespace);
        let labels = ListParams::default().labels(&format!("app={}", self.environment.name));
        wait_for("pods", LIMIT, || async {
            let found = pods.list(&labels).await?.items.len();
            Ok(if found == count {
                Poll::Ready(())
            } else {
                Poll::Pending(format!("{found} pods"))
            })
        })
        .await
    }

    /// Waits until the gate holds a pod by this rule.
    pub(crate) async fn until_held(&self, rule: &str) -> Result<()> {
        let environments: Api<mendix_model::crd::Environment> =
            Api::namespaced(self.product.client.clone(), self.namespace);
        wait_for("a pod that is held", LIMIT, || async {
            let all = environments.list(&ListParams::default()).await?;
            let held: Vec<_> = all
                .items
                .into_iter()
                .filter_map(|it| it.status?.held)
                .flatten()
                .filter(|held| held.pod.starts_with(&self.environment.name))
                .collect();
            Ok(if held.iter().any(|held| held.rule == rule) {
                Poll::Ready(())
            } else {
                Poll::Pending(format!("{held:?}"))
            })
        })
        .await
    }

    /// Takes everything down and says what had run.
    async fn end(&self) -> Result<Summary> {
        let name = &self.environment.name;
        for workload in ["leader", "worker", "second"] {
            let deployment = format!("{name}-{workload}");
            self.kubectl(&["delete", "deployment", &deployment, "--ignore-not-found"])?;
        }
        self.kubectl(&["delete", "statefulset", name, "--ignore-not-found"])?;
        let copy = format!("{name}-copy");
        self.kubectl(&["delete", "pod", &copy, "--ignore-not-found", "--timeout=60s"])?;
        let selector = format!("app={name}");
        self.kubectl(&["delete", "pods", "-l", &selector, "--timeout=60s"])?;
        let summary = self.database.register().await?;
        self.database.remove().await?;
        Ok(summary)
    }
}

/// Two models that take their time to end, and whose followers look again soon.
async fn images(registry: &str, name: &str) -> Result<[Image; 2]> {
    let model = |model: &str| {
        Package::new(model)
            .option("stopDelayMillis", 3_000)
            .option("followerWaitMillis", 200)
    };
    let first = push(registry, Style::Buildpack, &format!("{name}:1"), &model("A")).await?;
    let second = push(registry, Style::Buildpack, &format!("{name}:2"), &model("B")).await?;
    Ok([first, second])
}
