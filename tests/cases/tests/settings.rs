//! New settings of the same model: somebody serves at every moment, with one pod and with three.

use anyhow::{Result, ensure};
use mendix_cases::Product;
use mendix_cases::plain::Served;
use mendix_cases::requests::{Answers, Requests};
use serde_json::json;

const NAMESPACE: &str = "case-settings";
/// Namespace that nothing guards.
const OPEN: &str = "case-settings-open";
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
    let served = Served::start(&product, OPEN, "settings", |_| {}).await?;
    let requests = Requests::begin(served.url)?;
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
    served.database.remove().await?;
    ensure!(!answers.failed.is_empty(), "the client sees nothing: {answers:?}");
    Ok(())
}
