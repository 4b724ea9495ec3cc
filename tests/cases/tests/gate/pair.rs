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
pub(crate) const OPEN: &str = "case-open";

/// Kinds of everything that makes pods or changes their number.
const MAKERS: &str = "horizontalpodautoscalers,deployments,statefulsets,daemonsets,replicasets";

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
        Self::of(name, ["A", "B"].map(model)).await
    }

    /// The same with these two models.
    pub(crate) async fn of(name: &str, models: [Package; 2]) -> Result<Self> {
        let product = Product::installed().await?;
        product.open_namespace(OPEN).await?;
        let images = images(product.cluster.registry(), name, &models).await?;
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
        Self::new(name).await?.led(strategy).await
    }

    /// Starts a leader in both.
    pub(crate) async fn led(self, strategy: &str) -> Result<Self> {
        self.both(async |side| {
            let mut leader = side.environment.leader();
            leader["spec"]["strategy"] = json!({ "type": strategy });
            side.apply(&leader).await?;
            side.until("a leader", |summary| summary.running().count() == 1)
                .await
        })
        .await?;
        Ok(self)
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
        let name = environment.name.replace('-', "_");
        let database = Database::create(product.cluster.postgres_url(), &name).await?;
        Self::on(product, namespace, environment, database).await
    }

    /// An app without labels on a database of its own, in a namespace that nothing guards.
    pub(crate) async fn unguarded(product: &Product, namespace: &'static str, name: &str) -> Result<Self> {
        product.open_namespace(namespace).await?;
        let image = push(
            product.cluster.registry(),
            Style::Buildpack,
            &format!("{name}:1"),
            &model("A"),
        )
        .await?;
        let environment = Environment::new(namespace, name, Style::Buildpack, &image.tag).unlabelled();
        Self::new(product, namespace, environment).await
    }

    /// An app on a database that is there.
    pub(crate) async fn on(
        product: &Product,
        namespace: &'static str,
        environment: Environment,
        database: Database,
    ) -> Result<Self> {
        let side = Self {
            product: product.clone(),
            namespace,
            environment,
            database,
        };
        side.apply(&side.environment.secret(&side.database.url())).await?;
        Ok(side)
    }

    pub(crate) async fn apply(&self, object: &Value) -> Result<()> {
        self.product.apply(self.namespace, object).await.map(drop)
    }

    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.product.kubectl(self.namespace, arguments)
    }

    /// kubectl must be refused by this rule.
    pub(crate) fn refused(&self, rule: &str, arguments: &[&str]) -> Result<()> {
        let said = self
            .kubectl(arguments)
            .map_or_else(|error| error.to_string(), |_| "done".to_owned());
        ensure!(
            said.contains(rule),
            "{arguments:?} was not refused by {rule}: {said}"
        );
        Ok(())
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

    /// The leader's pod; one that is to end only where there is no other.
    pub(crate) async fn leader_object(&self) -> Result<Pod> {
        let found = self
            .pods()
            .list(&ListParams::default().labels(&self.leader_pods()))
            .await?;
        let is_leaving = |pod: &Pod| pod.metadata.deletion_timestamp.is_some();
        let pod = found.items.into_iter().min_by_key(is_leaving);
        pod.context("there is no pod of the leader")
    }

    /// Name of one of the leader's pods.
    pub(crate) async fn leader_pod(&self) -> Result<String> {
        Ok(self.leader_object().await?.name_any())
    }

    /// Pods of the namespace.
    pub(crate) fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.product.client.clone(), self.namespace)
    }

    /// Waits until a pod of the leader is to end.
    pub(crate) async fn until_leaving(&self) -> Result<()> {
        let labels = ListParams::default().labels(&self.leader_pods());
        wait_for("the leader to be deleted", LIMIT, || async {
            let found = self.pods().list(&labels).await?.items;
            let leaving = found.iter().any(|pod| pod.metadata.deletion_timestamp.is_some());
            Ok(Poll::when(leaving.then_some(()), || {
                format!("{} pods stay", found.len())
            }))
        })
        .await
    }

    /// Waits until so many pods of the app are there, whether they run or not.
    pub(crate) async fn until_pods(&self, count: usize) -> Result<()> {
        let labels = ListParams::default().labels(&format!("app={}", self.environment.name));
        wait_for("pods", LIMIT, || async {
            let found = self.pods().list(&labels).await?.items.len();
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

    /// Takes everything down: what makes pods first.
    pub(crate) fn clear(&self) -> Result<()> {
        let name = &self.environment.name;
        let selector = format!("app={name}");
        for kinds in [MAKERS, "pods"] {
            self.kubectl(&["delete", kinds, "-l", &selector, "--timeout=60s"])?;
        }
        let copy = format!("{name}-copy");
        self.kubectl(&["delete", "pod", &copy, "--ignore-not-found", "--timeout=60s"])?;
        Ok(())
    }

    /// Takes everything down and says what had run.
    async fn end(&self) -> Result<Summary> {
        self.clear()?;
        let summary = self.database.register().await?;
        self.database.remove().await?;
        Ok(summary)
    }
}

/// A model that takes its time to end, and whose followers look again soon. The time is that in which the unguarded side
/// must be harmed, on a machine that has other things to do.
pub(crate) fn model(model: &str) -> Package {
    Package::new(model)
        .option("stopDelayMillis", 5_000)
        .option("followerWaitMillis", 200)
}

async fn images(registry: &str, name: &str, models: &[Package; 2]) -> Result<[Image; 2]> {
    let [first, second] = models;
    let first = push(registry, Style::Buildpack, &format!("{name}:1"), first).await?;
    let second = push(registry, Style::Buildpack, &format!("{name}:2"), second).await?;
    Ok([first, second])
}
