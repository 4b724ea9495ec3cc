//! Plain manifests that ask for the guard. What two apps do without it on a database by two names, row
//! `lease::alias::database_by_another_name` shows.

use super::{answered, product, with};
use anyhow::Result;
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use mendix_cases::app::LIMIT;
use mendix_cases::plain::{Database, Environment, Style, alias, push};
use mendix_cases::{Package, Product, dry_run};
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};

const NAMESPACE: &str = "case-asked";
/// What the image of a buildpack starts.
const STARTUP: &str = "/opt/mendix/build/startup";

/// The leader of an environment, which asks for the guard.
fn leader(environment: &Environment) -> Value {
    let mut leader = environment.leader();
    let template = &mut leader["spec"]["template"];
    template["metadata"]["annotations"] = json!({ "kubectl-mendix.io/inject-guard": "true" });
    template["spec"]["containers"][0]["command"] = json!([STARTUP]);
    leader
}

/// A container of which nobody says what it starts cannot be started by the guard. Refused once the API server knows of
/// the label of the namespace.
async fn until_mute_ones_are_refused(product: &Product, environment: &Environment) -> Result<()> {
    let mute = with(
        leader(environment),
        "/spec/template/spec/containers/0/command",
        Value::Null,
    );
    let mute = serde_json::from_value(mute)?;
    let deployments: Api<Deployment> = Api::namespaced(product.client.clone(), NAMESPACE);
    wait_for("a refusal", LIMIT, || async {
        let words = answered(deployments.create(&dry_run(), &mute).await)?.err();
        let words = words.unwrap_or_default();
        Ok(Poll::when(words.contains("MX042").then_some(()), || words))
    })
    .await
}

/// Waits until the pods of an environment say this, be it in the message of a container that has ended.
async fn until_said(product: &Product, environment: &Environment, words: &str) -> Result<()> {
    let selector = format!("app={}", environment.name);
    wait_for("a word of the guard", LIMIT, || async {
        let said = product.kubectl(NAMESPACE, &["get", "pods", "-l", &selector, "-o", "json"])?;
        Ok(Poll::when(said.contains(words).then_some(()), || said))
    })
    .await
}

/// Both are let start, for their claims are other ones, and the rows let one run.
async fn one_of_two_runs(product: &Product, first: &Environment, second: &Environment) -> Result<()> {
    let database = Database::create(product.cluster.postgres_url(), "asked").await?;
    let other = alias(product, NAMESPACE, &database).await?;
    for (environment, database) in [(first, &database), (second, &other)] {
        product
            .apply(NAMESPACE, &environment.secret(&database.url()))
            .await?;
    }
    product.apply(NAMESPACE, &leader(first)).await?;
    database
        .until("a leader", |summary| summary.running().count() == 1)
        .await?;
    let held = format!("environment/{}", first.name);
    let told = ["wait", &held, "--for=condition=DatabaseLease", "--timeout=60s"];
    product.kubectl(NAMESPACE, &told)?;
    product.apply(NAMESPACE, &leader(second)).await?;
    let refusal = "the database belongs to environment asked-first in namespace case-asked";
    until_said(product, second, refusal).await?;
    let deleted = ["delete", "namespace", NAMESPACE, "--timeout=120s"];
    product.run("kubectl", &deleted)?;
    database.end_of_one_leader().await
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_manifests_get_the_guard_that_they_ask_for() -> Result<()> {
    let product = product().await?;
    product.open_namespace(NAMESPACE).await?;
    product.mendix_in(NAMESPACE, 0, &["protect"])?;
    let model = Package::new("asked");
    let registry = product.cluster.registry();
    let image = push(registry, Style::Buildpack, "asked:1", &model).await?;
    let environment = |name| Environment::new(NAMESPACE, name, Style::Buildpack, &image.tag);
    let (first, second) = (environment("asked-first"), environment("asked-second"));
    until_mute_ones_are_refused(&product, &first).await?;
    one_of_two_runs(&product, &first, &second).await
}
