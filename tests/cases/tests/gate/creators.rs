//! Two environments take one database at the same moment.

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, future::try_join, stream};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Secret};
use kube::{
    Api, ResourceExt,
    api::{ApiResource, DeleteParams, DynamicObject, ListParams},
};
use mendix_cases::{Product, app::LIMIT};
use mendix_model::{
    crd::{DatabaseClaim, Environment, claim::Owner},
    database::from_secret,
    names,
};
use mendix_test_cluster::{Poll, wait_for};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

const NAMESPACE: &str = "case-gate";
/// The variable that says which offsets are drawn; a failed run prints it.
const SEED: &str = "MENDIX_TEST_SEED";
const TRIES: usize = 200;
const AT_ONCE: usize = 25;
/// The longest time before a creator starts, in milliseconds: a few rounds of the gate.
const LONGEST: u64 = 40;
/// On everything that the test makes.
const LABEL: &str = "case-creators";

/// What all tries share.
struct Race {
    product: Product,
    /// Uid of the cluster.
    cluster: String,
    /// Owner of the environments: the gate reads no manifests for one that has an owner, and no image is pulled.
    owner: Value,
    /// Tells this run's objects from those of others.
    run: String,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "nightly: a minute, 200 tries"]
async fn one_of_two_creators_wins_each_time() -> Result<()> {
    let seed = seed()?;
    println!("{SEED}={seed}");
    let race = Race::new().await?;
    let winners: Vec<usize> = stream::iter(offsets(seed).into_iter().enumerate())
        .map(|(number, offsets)| race.run(number, offsets))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    race.remove().await?;
    // Else one of them was never in time, and nothing was tried.
    let second: usize = winners.iter().sum();
    ensure!((1..TRIES).contains(&second), "the second won {second} times");
    Ok(())
}

fn seed() -> Result<u64> {
    match std::env::var(SEED) {
        Ok(seed) => seed.parse().with_context(|| format!("{SEED} is no number")),
        Err(_) => Ok(rand::random()),
    }
}

/// When each of the two starts, in each try.
fn offsets(seed: u64) -> Vec<[u64; 2]> {
    let mut random = StdRng::seed_from_u64(seed);
    (0..TRIES)
        .map(|_| [(); 2].map(|()| random.random_range(0..=LONGEST)))
        .collect()
}

impl Race {
    async fn new() -> Result<Self> {
        let product = Product::installed().await?;
        let namespaces: Api<Namespace> = Api::all(product.client.clone());
        let cluster = namespaces.get("kube-system").await?.uid();
        let run = format!("{:08x}", rand::random::<u32>());
        let name = format!("race-{run}");
        let owner = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": { "name": name, "namespace": NAMESPACE, "labels": { LABEL: run } },
        });
        let uid = product.apply(NAMESPACE, &owner).await?.uid();
        Ok(Self {
            product,
            cluster: cluster.context("a namespace without uid")?,
            owner: json!({
                "apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid, "controller": true,
            }),
            run,
        })
    }

    /// One try; returns which of the two was let start.
    async fn run(&self, number: usize, offsets: [u64; 2]) -> Result<usize> {
        let try_name = format!("race-{}-{number}", self.run);
        let database = database(&try_name);
        self.apply(&self.secret(&try_name, &database)).await?;
        let names = ["one", "two"].map(|side| format!("{try_name}-{side}"));
        let claim = self.claim(&names[0], &database)?;
        let [first, second] = [0, 1].map(|side| self.creator(&names[side], &try_name, &claim, offsets[side]));
        try_join(first, second).await?;
        let winner = self.winner(&names).await?;
        let claims: Api<DatabaseClaim> = Api::all(self.product.client.clone());
        let record = claims.get(&claim).await?.spec;
        let opened: Vec<_> = record.opened.iter().map(|it| &it.name).collect();
        ensure!(record.owner.environment == names[winner], "{record:?}");
        ensure!(opened == [&names[winner]], "{record:?}");
        Ok(winner)
    }

    /// Makes an environment and its leader, so many milliseconds from now.
    async fn creator(&self, name: &str, secret: &str, claim: &str, offset: u64) -> Result<()> {
        // The offset itself is what is tried; nothing is waited for.
        tokio::time::sleep(Duration::from_millis(offset)).await;
        self.apply(&self.environment(name, secret)).await?;
        self.apply(&self.leader(name, claim)).await
    }

    /// Waits until one of two leaders was let start and the other is held because the database is not its own.
    async fn winner(&self, names: &[String; 2]) -> Result<usize> {
        wait_for("one leader let start and one held", LIMIT, || async {
            let open = [self.is_open(&names[0]).await?, self.is_open(&names[1]).await?];
            ensure!(open != [true, true], "{names:?} were both let start");
            let winner = open.iter().position(|it| *it);
            let rules = match winner {
                Some(winner) => self.rules(&names[1 - winner]).await?,
                None => Vec::new(),
            };
            let settled = winner.filter(|_| rules == ["MX001"]);
            Ok(Poll::when(settled, || {
                format!("open: {open:?}, held by {rules:?}")
            }))
        })
        .await
    }

    async fn is_open(&self, pod: &str) -> Result<bool> {
        let pods: Api<Pod> = Api::namespaced(self.product.client.clone(), NAMESPACE);
        let spec = pods.get(pod).await?.spec.unwrap_or_default();
        Ok(spec.scheduling_gates.unwrap_or_default().is_empty())
    }

    /// The rules by which pods of an environment are held.
    async fn rules(&self, environment: &str) -> Result<Vec<String>> {
        let status = self.environments().get(environment).await?.status;
        let held = status.and_then(|it| it.held).unwrap_or_default();
        Ok(held.into_iter().map(|it| it.rule).collect())
    }

    fn claim(&self, environment: &str, database: &BTreeMap<String, String>) -> Result<String> {
        let owner = Owner {
            cluster: self.cluster.clone(),
            namespace: NAMESPACE.to_owned(),
            environment: environment.to_owned(),
        };
        Ok(from_secret(database, NAMESPACE)?.claim(&owner))
    }

    async fn apply(&self, object: &Value) -> Result<()> {
        self.product.apply(NAMESPACE, object).await.map(drop)
    }

    /// Deletes everything, and waits until the databases are free as well.
    async fn remove(&self) -> Result<()> {
        // All of a kind at once: one by one, kubectl would take minutes.
        for kind in [
            ApiResource::erase::<Pod>(&()),
            ApiResource::erase::<Environment>(&()),
            ApiResource::erase::<Secret>(&()),
            ApiResource::erase::<ConfigMap>(&()),
        ] {
            let all: Api<DynamicObject> = Api::namespaced_with(self.product.client.clone(), NAMESPACE, &kind);
            all.delete_collection(&DeleteParams::default(), &self.ours())
                .await?;
        }
        let claims: Api<DatabaseClaim> = Api::all(self.product.client.clone());
        let all = ListParams::default();
        wait_for("claims and environments to be gone", LIMIT, || async {
            // By name: one that was made again for a pod that ended would have no label of ours.
            let environments = self.environments().list(&all).await?.items;
            let environments = self.of_run(&environments, ResourceExt::name_any);
            let claims = claims.list(&all).await?.items;
            let claims = self.of_run(&claims, |claim| claim.spec.owner.environment.clone());
            let gone = (environments, claims) == (0, 0);
            Ok(Poll::when(gone.then_some(()), || {
                format!("{environments} environments, {claims} claims")
            }))
        })
        .await
    }

    /// How many are named after this run.
    fn of_run<K>(&self, all: &[K], environment: impl Fn(&K) -> String) -> usize {
        let prefix = format!("race-{}-", self.run);
        all.iter()
            .filter(|it| environment(it).starts_with(&prefix))
            .count()
    }

    fn environments(&self) -> Api<Environment> {
        Api::namespaced(self.product.client.clone(), NAMESPACE)
    }

    fn ours(&self) -> ListParams {
        ListParams::default().labels(&format!("{LABEL}={}", self.run))
    }

    fn secret(&self, name: &str, database: &BTreeMap<String, String>) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": { "name": name, "namespace": NAMESPACE, "labels": { LABEL: self.run } },
            "stringData": database,
        })
    }

    /// As the controller makes those of apps.
    fn environment(&self, name: &str, secret: &str) -> Value {
        json!({
            "apiVersion": "guard.kubectl-mendix.io/v1alpha1",
            "kind": "Environment",
            "metadata": {
                "name": name,
                "namespace": NAMESPACE,
                "labels": { LABEL: self.run },
                "finalizers": [names::ENVIRONMENT_FINALIZER],
                "ownerReferences": [self.owner],
            },
            "spec": { "leaderSelection": "assigned", "model": "model", "databaseSecretName": secret },
        })
    }

    /// Fits on no node: it is the gate that is tried, not the kubelet.
    fn leader(&self, name: &str, claim: &str) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": NAMESPACE,
                "labels": {
                    LABEL: self.run,
                    names::ENVIRONMENT_LABEL: name,
                    names::ROLE_LABEL: "leader",
                    names::MODEL_LABEL: "model",
                },
                "annotations": { names::DATABASE_ANNOTATION: claim },
            },
            "spec": {
                "schedulingGates": [{ "name": names::GATE }],
                "nodeSelector": { LABEL: "nowhere" },
                "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
                "containers": [{
                    "name": names::RUNTIME_CONTAINER,
                    "image": "nowhere/nothing",
                    "securityContext": {
                        "allowPrivilegeEscalation": false,
                        "capabilities": { "drop": ["ALL"] },
                    },
                }],
            },
        })
    }
}

/// The keys of a database's Secret.
fn database(name: &str) -> BTreeMap<String, String> {
    let keys = [
        ("database-type", "PostgreSQL"),
        ("database-host", "pg.example.com"),
        ("database-name", name),
    ];
    keys.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}
