//! An app on a secret store, up to the gate.

use crate::server::Server;
use crate::{GROUP, app_path, cluster, edit, made, prepared, replay, settle, status};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

const SECRETS: &str = "/api/v1/namespaces/prod/secrets";
const CLASS: &str = "/apis/secrets-store.csi.x-k8s.io/v1/namespaces/prod/secretproviderclasses/shop";
/// The database that the provisioner of the test cluster makes, in other words.
const URL: &str = "jdbc:postgresql://db.prod.svc/shop?sslmode=prefer";

/// The environment Secret of an app.
fn put_secret(server: &Server, name: &str) {
    let entries = [
        ("database-jdbc-url", URL),
        ("database-username", "shop"),
        ("storage-service-name", "com.mendix.storage.s3"),
    ];
    let secret = Secret {
        data: Some(
            entries
                .map(|(key, value)| (key.to_owned(), ByteString(value.as_bytes().to_vec())))
                .into(),
        ),
        ..Secret::default()
    };
    let mut object = serde_json::to_value(secret).expect("json");
    object["metadata"] = json!({
        "name": name, "annotations": {"privatecloud.mendix.com/environment-secret": "true"},
    });
    server.state().put(&format!("{SECRETS}/{name}"), object);
}

fn put_class(server: &Server, url: Option<&str>) {
    let mut annotations = json!({"privatecloud.mendix.com/environment-class": "true"});
    if let Some(url) = url {
        annotations["kubectl-mendix.io/database-jdbc-url"] = json!(url);
    }
    let class = json!({
        "apiVersion": "secrets-store.csi.x-k8s.io/v1", "kind": "SecretProviderClass",
        "metadata": {"name": "shop", "annotations": annotations},
    });
    server.state().put(CLASS, class);
}

fn without_plans(app: &mut Value) {
    let spec = app["spec"].as_object_mut().expect("spec");
    spec.remove("database");
    spec.remove("storage");
    spec.insert(
        "allowOverrideSecretsWithSecretStoreCSIDriver".to_owned(),
        json!(true),
    );
}

fn unplanned() -> Server {
    let server = prepared();
    edit(&server, without_plans);
    server
}

fn claim(server: &Server, name: &str) -> Value {
    let path = format!("/apis/guard.kubectl-mendix.io/v1alpha1/namespaces/prod/environments/{name}");
    server.state().objects[&path]["status"]["claim"].clone()
}

#[tokio::test]
async fn an_app_runs_on_its_secret_and_has_the_claim_that_a_plan_would_give_it() {
    let server = unplanned();
    put_secret(&server, "shop");
    settle(&server).await.expect("made");
    assert_eq!(status(&server)["state"], "Ready", "{:#}", status(&server));
    assert!(cluster::all(&server, &format!("{GROUP}/storageinstances")).is_empty());
    assert_eq!(claim(&server, "shop"), claim(&made().await, "shop"));
}

#[tokio::test]
async fn an_app_on_a_secret_is_made_whatever_write_the_controller_dies_after() {
    let server = unplanned();
    put_secret(&server, "shop");
    replay(&server).await;
}

#[tokio::test]
async fn two_secrets_that_name_one_database_start_one_app() {
    let server = unplanned();
    put_secret(&server, "shop");
    settle(&server).await.expect("made");
    let mut other = server.state().objects[&app_path()].clone();
    other["metadata"] = json!({"name": "till"});
    server.state().put(&format!("{GROUP}/mendixapps/till"), other);
    put_secret(&server, "till");
    settle(&server).await.expect("held");
    assert_eq!(status(&server)["state"], "Ready");
    let pods = cluster::all(&server, "/api/v1/namespaces/prod/pods");
    let of_till: Vec<_> = pods
        .iter()
        .filter(|pod| cluster::label(pod, "kubectl-mendix.io/environment") == "till")
        .filter(|pod| cluster::label(pod, "kubectl-mendix.io/component") == "runtime")
        .collect();
    assert!(!of_till.is_empty(), "the pods are made");
    for pod in of_till {
        assert_eq!(
            pod["spec"]["schedulingGates"][0]["name"],
            "kubectl-mendix.io/gate"
        );
    }
}

#[tokio::test]
async fn a_class_has_the_claim_of_the_database_that_its_annotation_names() {
    let planned = claim(&made().await, "shop");
    let named = unplanned();
    put_class(&named, Some(URL));
    settle(&named).await.expect("made");
    assert_eq!(status(&named)["state"], "Ready", "{:#}", status(&named));
    assert_eq!(claim(&named, "shop"), planned);

    let unnamed = unplanned();
    put_class(&unnamed, None);
    settle(&unnamed).await.expect("made");
    assert_eq!(status(&unnamed)["state"], "Ready", "{:#}", status(&unnamed));
    assert_ne!(claim(&unnamed, "shop"), planned);
}

#[tokio::test]
async fn an_annotation_with_a_password_starts_nothing() {
    let server = unplanned();
    put_class(&server, Some("jdbc:postgresql://shop:s3cret@db/shop"));
    settle(&server).await.expect("held");
    let status = status(&server).to_string();
    assert!(
        status.contains("without user and password") && !status.contains("s3cret"),
        "{status}"
    );
    assert!(cluster::all(&server, "/apis/apps/v1/namespaces/prod/deployments").is_empty());
}
