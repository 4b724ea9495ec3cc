//! Bad input: each mistake is told by its cause and its remedy, in the status and in the plugin, and tells no secret.

use anyhow::{Context, Result, ensure};
use mendix_cases::{
    Package, Product, manifest,
    package::noise,
    source::Answer,
    words::{in_one_line, stalled},
};
use serde_json::{Value, json};

const NAMESPACE: &str = "case-failures";
const REGISTRY_NAMESPACE: &str = "case-registry";
/// Stands in every address and in every wrong password.
const SECRET: &str = "geheim";

/// An app that cannot work, and what its user must be told.
struct Mistake {
    name: &'static str,
    namespace: &'static str,
    answer: Answer,
    /// Storage plan of the database.
    plan: &'static str,
    cause: &'static str,
    remedy: &'static str,
}

impl Mistake {
    fn source(name: &'static str, answer: Answer, cause: &'static str, remedy: &'static str) -> Self {
        Self {
            name,
            namespace: NAMESPACE,
            answer,
            plan: "memory",
            cause,
            remedy,
        }
    }

    fn database(name: &'static str, plan: &'static str, cause: &'static str, remedy: &'static str) -> Self {
        Self {
            plan,
            ..Self::source(name, Answer::Status(404, "gone"), cause, remedy)
        }
    }
}

fn addresses(package: &[u8]) -> Vec<Mistake> {
    vec![
        Mistake::source(
            "not-found",
            Answer::Status(404, "gone"),
            "the server answered HTTP 404",
            "check the address",
        ),
        Mistake::source(
            "server-error",
            Answer::Status(500, "broken"),
            "the server answered HTTP 500",
            "try again later, or look at the server",
        ),
        Mistake::source(
            "web-page",
            Answer::Html,
            "it is a web page",
            "check that the address leads to the .mda file itself",
        ),
        Mistake::source(
            "stalling",
            Answer::Stalled(package.to_vec()),
            "was silent for 20 s",
            "try again, or look at the server",
        ),
        Mistake::source(
            "truncated",
            Answer::Truncated(package.to_vec()),
            "so the package is truncated",
            "try again, or look at the server",
        ),
    ]
}

fn packages(package: &[u8]) -> Result<Vec<Mistake>> {
    let unknown_runtime = Package::new("A").metadata("RuntimeVersion", "9.9.9").bytes()?;
    Ok(vec![
        Mistake::source(
            "no-zip",
            Answer::Bytes(noise(4096, 7)),
            "it is no zip file",
            "give the address of a deployment package (.mda)",
        ),
        Mistake::source(
            "cut-zip",
            Answer::Bytes(package[..package.len() / 2].to_vec()),
            "it is truncated or damaged",
            "download or export it again",
        ),
        Mistake::source(
            "no-base-image",
            Answer::Bytes(unknown_runtime),
            "runtime-base:9.9.9 in its registry",
            "check name and tag, or push it there first",
        ),
        Mistake {
            namespace: REGISTRY_NAMESPACE,
            ..Mistake::source(
                "refused-push",
                Answer::Bytes(package.to_vec()),
                "refused it with HTTP 403",
                "check the registry credentials and their right to push",
            )
        },
    ])
}

fn plans() -> Vec<Mistake> {
    vec![
        Mistake::database(
            "no-plan",
            "nowhere",
            "storage plan nowhere does not exist in namespace case-failures",
            "create it or change spec.database.servicePlan",
        ),
        Mistake::database(
            "wrong-password",
            "wrong",
            "it refused the password of",
            "correct database-username and database-password of the plan's admin Secret",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_is_told_by_cause_and_remedy_and_without_secrets() -> Result<()> {
    let product = product().await?;
    let package = Package::new("A").bytes()?;
    let all = [addresses(&package), packages(&package)?, plans()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    for mistake in &all {
        make(&product, mistake).await?;
    }
    for mistake in &all {
        is_told(&product, mistake).await?;
    }
    for namespace in [NAMESPACE, REGISTRY_NAMESPACE] {
        no_secret_is_told(&product, namespace)?;
    }
    a_failed_task_waits_until_its_pod_is_deleted(&product).await?;
    let deleted = all
        .iter()
        .map(|mistake| product.delete(mistake.namespace, mistake.name));
    futures::future::try_join_all(deleted).await.map(drop)
}

async fn product() -> Result<Product> {
    let product = Product::installed().await?;
    for namespace in [NAMESPACE, REGISTRY_NAMESPACE] {
        product.platform(namespace).await?;
    }
    let registry = product.source(Answer::ReadOnlyRegistry)?;
    let address = registry
        .trim_start_matches("http://")
        .trim_end_matches("/app.mda");
    let push = json!({ "spec": { "registry": { "pushURL": format!("{address}/apps") } } }).to_string();
    let name = "operatorconfiguration/mendix-operator-configuration";
    product.kubectl(REGISTRY_NAMESPACE, &["patch", name, "--type=merge", "-p", &push])?;
    let right = secret(&product)?;
    product.apply(NAMESPACE, &with_password(&right, SECRET)).await?;
    product.apply(NAMESPACE, &wrong_plan()).await?;
    Ok(product)
}

/// Keys of the administrator's Secret, as the platform has made it.
fn secret(product: &Product) -> Result<Value> {
    let text = product.kubectl(NAMESPACE, &["get", "secret", "postgres-admin", "-o", "json"])?;
    let secret: Value = serde_json::from_str(&text)?;
    Ok(secret["data"].clone())
}

/// The Secret of the wrong plan with a password in plain text.
fn with_password(right: &Value, password: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": "wrong-admin", "namespace": NAMESPACE },
        "data": { "database-host": right["database-host"], "database-username": right["database-username"] },
        "stringData": { "database-password": password },
    })
}

fn wrong_plan() -> Value {
    json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1",
        "kind": "StoragePlan",
        "metadata": { "name": "wrong", "namespace": NAMESPACE },
        "spec": {
            "type": "on-demand",
            "purpose": "database",
            "provisioner": {
                "command": ["/mendix"],
                "args": ["{{.Action}}", "postgres"],
                "adminSecretName": "wrong-admin",
            },
        },
    })
}

async fn make(product: &Product, mistake: &Mistake) -> Result<()> {
    let url = format!("{}?token={SECRET}", product.source(mistake.answer.clone())?);
    let mut app = manifest::app(mistake.namespace, mistake.name, &url);
    app["spec"]["database"]["servicePlan"] = mistake.plan.into();
    product.apply(mistake.namespace, &app).await.map(drop)
}

async fn is_told(product: &Product, mistake: &Mistake) -> Result<()> {
    let Mistake {
        name,
        namespace,
        cause,
        remedy,
        ..
    } = mistake;
    // The words first: an app may have stopped already for another part of it.
    let what = format!("{name} to be stalled because {cause:?}");
    let says = |app: &_| stalled(app).is_some_and(|sentence| sentence.contains(cause));
    let app = product.until(namespace, name, &what, says).await?;
    let status = in_one_line(&stalled(&app).context("stalled")?);
    ensure!(
        status.contains(remedy),
        "status of {name}: {remedy:?} is not in {status:?}"
    );
    let told = product.told(namespace, name)?;
    ensure!(
        told.contains(cause) && told.contains(remedy),
        "kubectl mendix status {name}: {cause:?} and {remedy:?} are not in {told:?}"
    );
    Ok(())
}

fn no_secret_is_told(product: &Product, namespace: &str) -> Result<()> {
    let traces = product.traces(namespace)?;
    let password = product
        .cluster
        .postgres_url()
        .split([':', '@'])
        .nth(2)
        .context("the database's address has no password")?
        .to_owned();
    for secret in [SECRET, &password] {
        let around = traces.find(secret).map(|at| {
            let start = traces.floor_char_boundary(at.saturating_sub(300));
            traces[start..at].to_owned()
        });
        ensure!(
            around.is_none(),
            "a secret follows upon: {}",
            around.unwrap_or_default()
        );
    }
    // A search in nothing finds nothing.
    ensure!(traces.contains("failed to"), "nothing was collected: {traces}");
    Ok(())
}

/// Mending the cause is not enough, deleting the pod is: nothing is tried again behind the user's back.
async fn a_failed_task_waits_until_its_pod_is_deleted(product: &Product) -> Result<()> {
    let (app, pod) = ("wrong-password", "wrong-password-database");
    let uid = |product: &Product| {
        product.kubectl(NAMESPACE, &["get", "pod", pod, "-o", "jsonpath={.metadata.uid}"])
    };
    let failed = uid(product)?;
    let url = product.cluster.postgres_url();
    let password = url.split([':', '@']).nth(2).context("password")?;
    product
        .apply(NAMESPACE, &with_password(&secret(product)?, password))
        .await?;
    // A change that the controller must have acted upon when the new generation is stalled again.
    let package = Package::new("A").bytes()?;
    let change = json!({ "spec": { "replicas": 1, "sourceURL": product.source(Answer::Bytes(package))? } });
    product.patch(NAMESPACE, app, &change).await?;
    let sentence = product.stalled(NAMESPACE, app).await?;
    ensure!(
        sentence.contains(&format!("kubectl delete pod {pod}")),
        "{sentence}"
    );
    ensure!(uid(product)? == failed, "the failed task was run again by itself");
    product.kubectl(NAMESPACE, &["delete", "pod", pod])?;
    product.ready(NAMESPACE, app).await.map(drop)
}
