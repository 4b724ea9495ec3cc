//! The webhook as the API server asks it: what is added, what is refused, and in which words.
//!
//! Most requests are dry runs: admission judges them like any other, and nothing has to be put right afterwards.

mod asked;
mod renewal;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use mendix_cases::app::LIMIT;
use mendix_cases::plain::{Environment, Style};
use mendix_cases::{Product, dry_run};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

const NAMESPACE: &str = "case-webhook";
/// Certificates are renewed every few seconds, so that every case here happens during renewals.
const RENEWALS: [(&str, &str); 3] = [
    ("MENDIX_RENEWAL", "2"),
    ("MENDIX_SETTLING", "3"),
    ("MENDIX_LOOK", "1"),
];

static INSTALLED: OnceCell<()> = OnceCell::const_new();

/// The product with the webhook in force.
async fn product() -> Result<Product> {
    let product = Product::installed_with_webhook(&RENEWALS).await?;
    product.open_namespace(NAMESPACE).await?;
    let label = [
        "label",
        "namespace",
        NAMESPACE,
        "kubectl-mendix.io/guard=enabled",
        "--overwrite",
    ];
    product.run("kubectl", &label)?;
    INSTALLED.get_or_try_init(|| in_force(&product)).await?;
    Ok(product)
}

/// Waits until the API server has learnt of the webhook, of its authority and of the namespace's label.
async fn in_force(product: &Product) -> Result<()> {
    wait_for("the webhook to be in force", LIMIT, || async {
        let refused = created(product, &with(leader("probe"), "/spec/replicas", 2)).await;
        let refused = matches!(&refused, Ok(Err(words)) if words.contains("MX031"));
        Ok(Poll::when(refused.then_some(()), || {
            "nothing is refused yet".to_owned()
        }))
    })
    .await
}

fn environment(name: &str) -> Environment {
    Environment::new(NAMESPACE, name, Style::Buildpack, "registry.example.com/shop:1")
}

fn leader(name: &str) -> Value {
    environment(name).leader()
}

fn with(mut object: Value, place: &str, value: impl Into<Value>) -> Value {
    if let Some(found) = object.pointer_mut(place) {
        *found = value.into();
    }
    object
}

fn deployments(product: &Product) -> Api<Deployment> {
    Api::namespaced(product.client.clone(), NAMESPACE)
}

/// What somebody was told.
type Answer<T> = Result<Result<T, String>>;

fn answered<T>(answer: Result<T, kube::Error>) -> Answer<T> {
    match answer {
        Ok(object) => Ok(Ok(object)),
        Err(kube::Error::Api(status)) => Ok(Err(status.message.clone())),
        Err(error) => Err(error.into()),
    }
}

/// Makes a Deployment in a dry run.
async fn created(product: &Product, object: &Value) -> Answer<Deployment> {
    let object = serde_json::from_value(object.clone())?;
    answered(deployments(product).create(&dry_run(), &object).await)
}

fn strategy(deployment: &Deployment) -> Option<&str> {
    deployment.spec.as_ref()?.strategy.as_ref()?.type_.as_deref()
}

/// Makes a Deployment without pods, in place of one that an earlier run has left.
async fn made(product: &Product, object: &Value) -> Result<Deployment> {
    let object: Deployment = serde_json::from_value(object.clone())?;
    let name = object.metadata.name.clone().context("a name")?;
    let api = deployments(product);
    let _ = api.delete(&name, &DeleteParams::foreground()).await;
    wait_for("an earlier Deployment to be gone", LIMIT, || async {
        let gone = api.get_opt(&name).await?.is_none();
        Ok(Poll::when(gone.then_some(()), || name.clone()))
    })
    .await?;
    Ok(api.create(&PostParams::default(), &object).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_is_created_to_be_recreated_and_told_that_it_leads() -> Result<()> {
    let product = product().await?;
    let mut object = leader("new");
    object["spec"]["template"]["spec"]["containers"][0]["env"] = json!([
        { "name": "DATABASE_ENDPOINT", "value": "postgres://shop:none@postgres.example.com:5432/new" },
    ]);
    let deployment = created(&product, &object).await?.map_err(anyhow::Error::msg)?;
    ensure!(
        strategy(&deployment) == Some("Recreate"),
        "{:?}",
        strategy(&deployment)
    );
    let value = serde_json::to_value(&deployment)?;
    let env = &value["spec"]["template"]["spec"]["containers"][0]["env"];
    ensure!(
        env[1] == json!({ "name": "CF_INSTANCE_INDEX", "value": "0" }),
        "{env}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_never_rolls_and_never_grows() -> Result<()> {
    let product = product().await?;
    let deployment = made(&product, &with(leader("grown"), "/spec/replicas", 0)).await?;
    let name = deployment.metadata.name.as_deref().context("a name")?;
    let rolling = json!({ "spec": { "strategy": { "type": "RollingUpdate" } } });
    let grown = json!({ "spec": { "replicas": 2 } });
    for (patch, rule) in [(&rolling, "MX030"), (&grown, "MX031")] {
        let answer = deployments(&product)
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await;
        let words = answered(answer)?.err().context(rule)?;
        ensure!(words.contains(rule), "{words}");
    }
    // The API server has let it in; the webhook's memory follows a moment later.
    wait_for("the scale to be refused", LIMIT, || async {
        let parameters = PatchParams {
            dry_run: true,
            ..PatchParams::default()
        };
        let answer = deployments(&product)
            .patch_scale(name, &parameters, &Patch::Merge(&grown))
            .await;
        let words = answered(answer)?.err().unwrap_or_default();
        Ok(Poll::when(words.contains("MX031").then_some(()), || words))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_autoscaler_at_a_leader_is_refused() -> Result<()> {
    let product = product().await?;
    made(&product, &with(leader("scaled"), "/spec/replicas", 0)).await?;
    // Not by `kubectl autoscale`: it tries an earlier version after a refusal, and tells only why that failed.
    let autoscaler = serde_json::from_value(json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": { "name": "scaled-leader" },
        "spec": {
            "maxReplicas": 3,
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "scaled-leader" },
        },
    }))?;
    let autoscalers: Api<HorizontalPodAutoscaler> = Api::namespaced(product.client.clone(), NAMESPACE);
    wait_for("the autoscaler to be refused", LIMIT, || async {
        let words = answered(autoscalers.create(&dry_run(), &autoscaler).await)?.err();
        let words = words.unwrap_or_default();
        Ok(Poll::when(words.contains("MX032").then_some(()), || words))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_environment_on_a_database_is_refused() -> Result<()> {
    let product = product().await?;
    made(&product, &with(leader("first"), "/spec/replicas", 0)).await?;
    let mut second = leader("second");
    // The Secret of the first one.
    second["spec"]["template"]["spec"] = leader("first")["spec"]["template"]["spec"].clone();
    wait_for("the second one to be refused", LIMIT, || async {
        let words = created(&product, &second).await?.err().unwrap_or_default();
        Ok(Poll::when(words.contains("MX034").then_some(()), || words))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_is_told_at_once() -> Result<()> {
    let product = product().await?;
    let worker = environment("wrong").worker(1);
    let place = "/spec/template/metadata/labels/kubectl-mendix.io~1role";
    let both = with(with(worker, place, "leader"), "/spec/replicas", 3);
    let words = created(&product, &both).await?.err().context("it is refused")?;
    ensure!(words.contains("MX031") && words.contains("MX036"), "{words}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_labels_is_left_alone() -> Result<()> {
    let product = product().await?;
    let plain = environment("plain").unlabelled().leader();
    let deployment = created(&product, &plain).await?.map_err(anyhow::Error::msg)?;
    ensure!(
        strategy(&deployment) == Some("RollingUpdate"),
        "{:?}",
        strategy(&deployment)
    );
    Ok(())
}
