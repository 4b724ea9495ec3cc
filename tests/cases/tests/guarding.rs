//! The guard of plain manifests is switched on while they run, and off again: nobody leads twice, and nothing is stuck.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt, api::ListParams};
use mendix_cases::{
    Package, Product,
    app::LIMIT,
    plain::{Database, Environment, Style, push},
};
use mendix_model::{crd, names};
use mendix_test_cluster::{Poll, wait_for};
use std::collections::BTreeSet;

/// A leader and a worker in a namespace of their own.
struct App {
    product: Product,
    environment: Environment,
    database: Database,
}

impl App {
    /// Starts it in a namespace that nothing guards yet.
    async fn start(namespace: &str) -> Result<Self> {
        let app = Self::new(namespace).await?;
        app.apply().await?;
        Ok(app)
    }

    async fn new(namespace: &str) -> Result<Self> {
        let product = Product::installed().await?;
        product.open_namespace(namespace).await?;
        let model = Package::new("A").option("stopDelayMillis", 1_000);
        let image = push(
            product.cluster.registry(),
            Style::Buildpack,
            &format!("{namespace}:1"),
            &model,
        )
        .await?;
        let database = Database::create(product.cluster.postgres_url(), &namespace.replace('-', "_")).await?;
        let app = Self {
            environment: Environment::new(namespace, "shop", Style::Buildpack, &image.tag),
            product,
            database,
        };
        let secret = app.environment.secret(&app.database.url());
        app.product.apply(app.namespace(), &secret).await?;
        Ok(app)
    }

    async fn apply(&self) -> Result<()> {
        for workload in [self.environment.leader(), self.environment.worker(1)] {
            self.product.apply(self.namespace(), &workload).await?;
        }
        self.until_both_run().await
    }

    fn namespace(&self) -> &str {
        &self.environment.namespace
    }

    fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.product.kubectl(self.namespace(), arguments)
    }

    async fn until_both_run(&self) -> Result<()> {
        let both = |summary: &mendix_cases::plain::Summary| summary.running().count() == 2;
        self.database.until("leader and worker", both).await.map(drop)
    }

    async fn pods(&self) -> Result<Vec<Pod>> {
        let api: Api<Pod> = Api::namespaced(self.product.client.clone(), self.namespace());
        let all = api.list(&ListParams::default().labels("app=shop")).await?;
        Ok(all.items)
    }

    /// Uids of pods whose end somebody of ours waits for.
    async fn tracked(&self) -> Result<BTreeSet<String>> {
        let is_tracked = |pod: &Pod| pod.finalizers().iter().any(|it| it == names::ACTIVE_FINALIZER);
        let pods = self.pods().await?;
        Ok(pods
            .iter()
            .filter(|pod| is_tracked(pod))
            .filter_map(ResourceExt::uid)
            .collect())
    }

    async fn until_tracked(&self, count: usize) -> Result<()> {
        wait_for("pods with our finalizer", LIMIT, || async {
            let tracked = self.tracked().await?.len();
            Ok(Poll::when((tracked == count).then_some(()), || {
                format!("{tracked} pods")
            }))
        })
        .await
    }

    /// The leader is replaced, and its end is waited for by whom it has to be.
    async fn replace_leader(&self) -> Result<()> {
        self.kubectl(&["delete", "pods", "-l", "part=leader", "--timeout=60s"])?;
        self.kubectl(&["rollout", "status", "deployment/shop-leader", "--timeout=60s"])?;
        self.until_both_run().await
    }

    /// Deletes the namespace, which must come to an end, and judges what ran.
    async fn end(self) -> Result<()> {
        let (product, namespace) = (&self.product, self.namespace());
        product.run("kubectl", &["delete", "namespace", namespace, "--timeout=120s"])?;
        let summary = self.database.register().await?;
        ensure!(!summary.is_corrupted(), "{summary:#?}");
        self.database.remove().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_on_while_it_runs_and_off_again() -> Result<()> {
    let app = App::start("case-switched").await?;
    let before: BTreeSet<_> = app.pods().await?.iter().filter_map(ResourceExt::uid).collect();
    let protect = ["protect", "--restart", "--timeout", "2m"];
    app.product.mendix_in(app.namespace(), 0, &protect)?;
    app.until_tracked(2).await?;
    let guarded = app.tracked().await?;
    assert!(
        guarded.is_disjoint(&before),
        "pods that never were at the gate run on"
    );
    app.replace_leader().await?;
    // Without a guard in the pods, the status says what does not hold.
    let says_so = [
        "wait",
        "environment/shop",
        "--for=condition=DatabaseLease=false",
        "--timeout=60s",
    ];
    app.kubectl(&says_so)?;

    app.product.mendix_in(app.namespace(), 0, &["unprotect"])?;
    assert_eq!(app.tracked().await?, BTreeSet::new());
    let environments: Api<crd::Environment> = Api::namespaced(app.product.client.clone(), app.namespace());
    assert_eq!(environments.list(&ListParams::default()).await?.items.len(), 0);
    app.end().await
}

/// The copy has none of the labels, and its pod was never at the gate.
#[tokio::test(flavor = "multi_thread")]
async fn copy_of_a_pod_that_was_found_running() -> Result<()> {
    let app = App::start("case-found").await?;
    app.product.mendix_in(app.namespace(), 0, &["protect"])?;
    app.until_tracked(2).await?;
    let pods = app.pods().await?;
    let leader = pods.iter().find(|pod| pod.name_any().contains("leader"));
    let leader = leader.context("the leader is gone")?.name_any();
    let image = format!("--image={}", app.environment.image);
    let copy = [
        "debug",
        &leader,
        "--copy-to=shop-copy",
        &image,
        "--container=look",
    ];
    let how = ["--profile=restricted", "--attach=false"];
    app.kubectl(&[copy.as_slice(), &how].concat())?;
    let gates = [
        "get",
        "pod",
        "shop-copy",
        "--output",
        "jsonpath={.spec.schedulingGates[*].name}",
    ];
    assert_eq!(app.kubectl(&gates)?.trim(), names::GATE);
    app.end().await
}

/// Whoever takes the label off by hand loses the gate; nothing that was let start is forgotten for it.
#[tokio::test(flavor = "multi_thread")]
async fn label_taken_off_a_namespace() -> Result<()> {
    let app = App::new("case-label-off").await?;
    app.product.mendix_in(app.namespace(), 0, &["protect"])?;
    app.apply().await?;
    app.until_tracked(2).await?;
    let label = format!("{}-", names::GUARD_LABEL);
    let namespace = app.namespace();
    app.product
        .run("kubectl", &["label", "namespace", namespace, &label])?;
    app.kubectl(&["delete", "pods", "-l", "part=worker", "--timeout=60s"])?;
    app.kubectl(&["rollout", "status", "deployment/shop-worker", "--timeout=60s"])?;
    app.until_both_run().await?;
    app.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn guarded_namespace_deleted_as_it_is() -> Result<()> {
    let app = App::new("case-deleted").await?;
    app.product.mendix_in(app.namespace(), 0, &["protect"])?;
    app.apply().await?;
    // One more waits at the gate meanwhile.
    app.kubectl(&["scale", "deployment/shop-leader", "--replicas=2"])?;
    until_held(&app).await.context("a second leader")?;
    app.end().await
}

async fn until_held(app: &App) -> Result<()> {
    let environments: Api<crd::Environment> = Api::namespaced(app.product.client.clone(), app.namespace());
    wait_for("a pod that is held, and is told so", LIMIT, || async {
        let found = environments.get("shop").await?;
        let held = found.status.and_then(|status| status.held).unwrap_or_default();
        let events = app.kubectl(&["get", "events", "-o", "jsonpath={.items[*].message}"])?;
        let told = held.iter().any(|held| held.rule == "MX011") && events.contains("MX011 ");
        Ok(Poll::when(told.then_some(()), || format!("{held:?}\n{events}")))
    })
    .await
}
