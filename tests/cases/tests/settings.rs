//! New settings of the same model: somebody serves at every moment, with one pod and with three.

use anyhow::{Context, Result, ensure};
use mendix_cases::plain::{Database, Environment, Style, push};
use mendix_cases::{Package, Product, app::LIMIT};
use mendix_model::names::APP_PORT;
use mendix_test_cluster::{Poll, wait_for};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

const NAMESPACE: &str = "case-settings";
/// Namespace that nothing guards.
const OPEN: &str = "case-settings-open";
/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(10);

/// A client that asks again and again, each time over a connection of its own.
struct Requests {
    over: Arc<AtomicBool>,
    task: JoinHandle<Answers>,
}

#[derive(Debug, Default)]
struct Answers {
    good: usize,
    failed: Vec<String>,
}

impl Requests {
    fn begin(url: String) -> Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .pool_max_idle_per_host(0)
            .build()?;
        let over = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(ask(client, url, over.clone()));
        Ok(Self { over, task })
    }

    async fn end(self) -> Result<Answers> {
        self.over.store(true, Ordering::Relaxed);
        Ok(self.task.await?)
    }
}

async fn ask(client: reqwest::Client, url: String, over: Arc<AtomicBool>) -> Answers {
    let mut answers = Answers::default();
    while !over.load(Ordering::Relaxed) {
        match client.get(&url).send().await {
            Ok(answer) if answer.status().is_success() => answers.good += 1,
            Ok(answer) => answers.failed.push(answer.status().to_string()),
            Err(error) => answers.failed.push(format!("{error:?}")),
        }
        tokio::time::sleep(PAUSE).await;
    }
    answers
}

/// Changes a setting of an app, with requests all the time.
async fn changed(product: &Product, name: &str, replicas: u32) -> Result<Answers> {
    let (url, replicas) = (product.package("A")?, replicas.to_string());
    let deploy = [
        "deploy",
        name,
        "--source-url",
        &url,
        "--replicas",
        &replicas,
        "--database-plan",
        "postgres",
        "--storage-plan",
        "container",
        "--wait",
    ];
    product.mendix_in(NAMESPACE, 0, &deploy)?;
    let app = product.ready(NAMESPACE, name).await?;
    product.until_page(&app).await?;
    let before = leader(product, name)?;
    let requests = Requests::begin(product.address(&app)?)?;
    let custom = json!({ "SessionTimeout": 600_000 }).to_string();
    let setting = json!({ "spec": { "runtime": { "customConfiguration": custom } } });
    product.patch(NAMESPACE, name, &setting).await?;
    product.ready(NAMESPACE, name).await?;
    let answers = requests.end().await?;
    ensure!(leader(product, name)? != before, "{name}: the leader is the same");
    let page = product.page(&app).await?;
    ensure!(page["corrupted"] == json!(false), "{page}");
    product.delete(NAMESPACE, name).await?;
    Ok(answers)
}

/// Name of the leader's pod.
fn leader(product: &Product, name: &str) -> Result<String> {
    let selector = format!("kubectl-mendix.io/environment={name},kubectl-mendix.io/role=leader");
    product.kubectl(NAMESPACE, &["get", "pods", "-l", &selector, "-o", "name"])
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_while_settings_change() -> Result<()> {
    let product = Product::installed_for(NAMESPACE).await?;
    for (name, replicas) in [("one", 1), ("three", 3)] {
        let answers = changed(&product, name, replicas).await?;
        println!(
            "{name}: {} requests, {} failed",
            answers.good,
            answers.failed.len()
        );
        ensure!(
            answers.good > 0 && answers.failed.is_empty(),
            "{name}: {answers:#?}"
        );
    }
    Ok(())
}

/// What the same client sees of an app of one pod that somebody restarts with kubectl.
#[tokio::test(flavor = "multi_thread")]
async fn requests_fail_while_a_plain_app_is_restarted() -> Result<()> {
    let product = Product::installed().await?;
    product.open_namespace(OPEN).await?;
    let image = push(
        product.cluster.registry(),
        Style::Buildpack,
        "settings:1",
        &Package::new("A"),
    )
    .await?;
    let environment = Environment::new(OPEN, "settings", Style::Buildpack, &image.tag).unlabelled();
    let database = Database::create(product.cluster.postgres_url(), "settings").await?;
    let mut leader = environment.leader();
    leader["spec"]["strategy"] = json!({ "type": "Recreate" });
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "settings", "namespace": OPEN },
        "spec": { "selector": { "app": "settings" }, "ports": [{ "port": APP_PORT }] },
    });
    for object in [environment.secret(&database.url()), service, leader] {
        product.apply(OPEN, &object).await?;
    }
    let address = ["get", "service", "settings", "-o", "jsonpath={.spec.clusterIP}"];
    let url = format!("http://{}:{APP_PORT}/", product.kubectl(OPEN, &address)?);
    wait_for("the app to serve", LIMIT, || async {
        let answer = reqwest::get(&url).await;
        let serves = answer.as_ref().is_ok_and(|it| it.status().is_success());
        Ok(Poll::when(serves.then_some(()), || format!("{answer:?}")))
    })
    .await?;
    let requests = Requests::begin(url)?;
    product.kubectl(OPEN, &["rollout", "restart", "deployment/settings-leader"])?;
    product.kubectl(
        OPEN,
        &[
            "rollout",
            "status",
            "deployment/settings-leader",
            "--timeout=120s",
        ],
    )?;
    let answers = requests.end().await?;
    product.run("kubectl", &["delete", "namespace", OPEN, "--wait=false"])?;
    database.remove().await.context("the database of the plain app")?;
    ensure!(!answers.failed.is_empty(), "the client sees nothing: {answers:?}");
    Ok(())
}
