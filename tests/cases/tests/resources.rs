//! The custom resources at the API server: what is taken, what survives, what is refused and in which words.

use mendix_cases::Product;
use serde_json::{Value, json};

const NAMESPACE: &str = "case-resources";
const API_VERSION: &str = "privatecloud.mendix.com/v1alpha1";

fn resource(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": spec,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_fields_survive_at_every_depth() {
    let product = Product::installed().await.expect("the product can be installed");
    // A configuration under another name than the one that is read, so that nothing acts on it.
    let spec = json!({ "newField": 1, "endpoint": { "type": "service", "newer": { "deep": true } } });
    let object = resource("OperatorConfiguration", "unknown-fields", &spec);
    let stored = product.apply(NAMESPACE, &object).await.expect("accepted");
    assert_eq!(stored.data["spec"], spec);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reserved_name_is_refused_with_the_rule() {
    let product = Product::installed().await.expect("the product can be installed");
    let refused = product
        .apply(NAMESPACE, &resource("MendixApp", "mendix-x", &json!({})))
        .await;
    let said = refused.expect_err("reserved").to_string();
    assert!(
        said.contains("MX100") && said.contains("choose another name"),
        "{said}"
    );
    let plugin = product
        .mendix_in(
            NAMESPACE,
            4,
            &["deploy", "mendix-x", "--source-url", "http://192.0.2.1/app.mda"],
        )
        .expect("exit code 4");
    let said = String::from_utf8_lossy(&plugin.stderr).into_owned();
    assert!(
        said.contains("MX100") && said.contains("choose another name"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_number_is_a_quantity() {
    let product = Product::installed().await.expect("the product can be installed");
    let spec = json!({ "runtimeResources": { "limits": { "cpu": 1, "memory": "512Mi" } } });
    let stored = product
        .apply(NAMESPACE, &resource("OperatorConfiguration", "quantities", &spec))
        .await;
    assert_eq!(stored.expect("accepted").data["spec"], spec);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_plan_of_one_name_is_refused() {
    let product = Product::installed().await.expect("the product can be installed");
    let plan = |purpose: &str| {
        let spec = json!({ "purpose": purpose, "provisioner": { "command": ["/mendix"] } });
        resource("StoragePlan", "one-name", &spec)
    };
    product
        .apply(NAMESPACE, &plan("database"))
        .await
        .expect("accepted");
    let refused = product.apply(NAMESPACE, &plan("file")).await;
    let said = refused.expect_err("another purpose").to_string();
    assert!(
        said.contains("spec.purpose: there is a plan of this name for another purpose"),
        "{said}"
    );
    product
        .apply(NAMESPACE, &plan("database"))
        .await
        .expect("the same again");
}
