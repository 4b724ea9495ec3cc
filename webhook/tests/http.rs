//! The wire: reviews as an API server (1.36.3) has sent them, and what must not break the server.

#![expect(
    clippy::unwrap_used,
    reason = "the lint knows functions marked as tests, not their helpers"
)]

use axum::{
    body::Body,
    http::{Request, Response, StatusCode},
};
use http_body_util::BodyExt;
use mendix_webhook::Reviewer;
use rstest::rstest;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

const DEADLINE: Duration = Duration::from_secs(30);

fn recorded(name: &str) -> Value {
    let path = format!("{}/tests/data/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

async fn send(method: &str, path: &str, body: Body) -> Response<Body> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json");
    mendix_webhook::router(Reviewer::default(), DEADLINE)
        .oneshot(request.body(body).unwrap())
        .await
        .unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// The response of an answer that must be one.
async fn review(body: impl Into<Body>) -> Value {
    answer("/validate?timeout=5s", body).await
}

async fn answer(path: &str, body: impl Into<Body>) -> Value {
    let response = send("POST", path, body.into()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let answer: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(answer["kind"], "AdmissionReview");
    answer["response"].clone()
}

#[rstest]
#[case::create("create")]
#[case::create_with_legacy_fields("create-legacy")]
#[case::update_of_the_spec("update-spec")]
#[case::update_of_an_annotation("update-metadata")]
#[case::delete("delete")]
#[case::another_kind("create-foreign")]
#[tokio::test]
async fn what_is_right_is_allowed_under_its_own_uid(#[case] name: &str) {
    let sent = recorded(name);
    let response = review(sent.to_string()).await;
    assert_eq!(response["allowed"], true);
    assert_eq!(response["uid"], sent["request"]["uid"]);
}

#[tokio::test]
async fn an_object_of_another_kind_is_let_through_with_a_warning() {
    let response = review(recorded("create-foreign").to_string()).await;
    assert_eq!(
        response["warnings"],
        json!(["StoragePlan is not checked by the Mendix webhook"])
    );
}

#[tokio::test]
async fn a_reserved_name_is_refused_with_the_id_of_the_rule() {
    let mut sent = recorded("create");
    sent["request"]["object"]["metadata"]["name"] = json!("mendix-x");
    let response = review(sent.to_string()).await;
    assert_eq!(response["allowed"], false);
    assert_eq!(response["uid"], sent["request"]["uid"]);
    let message = response["status"]["message"].as_str().unwrap();
    assert!(message.starts_with("MX100 metadata.name: "), "{message}");
}

#[tokio::test]
async fn an_app_that_cannot_be_parsed_is_refused_in_words() {
    let mut sent = recorded("create");
    sent["request"]["object"]["spec"]["replicas"] = json!("three");
    let response = review(sent.to_string()).await;
    assert_eq!(response["allowed"], false);
    assert_eq!(response["status"]["message"], "spec.replicas: expected i32");
}

/// A Deployment that leads, as an API server sends one that is created: with the defaults already in it.
fn leader() -> Value {
    let mut sent = recorded("create");
    let request = &mut sent["request"];
    request["kind"] = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
    request["resource"] = json!({"group": "apps", "version": "v1", "resource": "deployments"});
    request["object"] = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop", "namespace": "prod"},
        "spec": {"replicas": 2, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}, "template": {
            "metadata": {"labels": {"kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": "leader"}},
            "spec": {"containers": [{"name": "app", "env": [
                {"name": "DATABASE_ENDPOINT", "value": "postgres://u:hunter2@db/shop"},
            ]}]},
        }},
    });
    sent
}

#[tokio::test]
async fn what_is_missing_comes_as_a_patch() {
    let response = answer("/mutate?timeout=5s", leader().to_string()).await;
    assert_eq!(
        (&response["allowed"], &response["patchType"]),
        (&json!(true), &json!("JSONPatch"))
    );
    let patch: Vec<u8> = serde_json::from_value(response["patch"].clone()).unwrap();
    let patch: Value = serde_json::from_slice(&patch).unwrap();
    let text = patch.to_string();
    assert!(
        text.contains("Recreate") && text.contains("CF_INSTANCE_INDEX"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_workload_is_refused_with_all_that_is_wrong() {
    let response = review(leader().to_string()).await;
    assert_eq!(response["allowed"], false);
    let message = response["status"]["message"].as_str().unwrap();
    let ids: Vec<_> = message.lines().map(|line| &line[..5]).collect();
    assert_eq!(ids, ["MX030", "MX031", "MX036"], "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}

#[rstest]
#[case::app("create")]
#[case::foreign("create-foreign")]
#[case::update("update-spec")]
#[case::delete("delete")]
#[tokio::test]
async fn nothing_is_added_to_other_objects(#[case] name: &str) {
    let response = answer("/mutate", recorded(name).to_string()).await;
    assert_eq!(
        (&response["allowed"], &response["patch"]),
        (&json!(true), &Value::Null)
    );
}

#[rstest]
#[case::nothing("")]
#[case::no_json("{")]
#[case::no_text("\u{0}\u{1}")]
#[case::other_json("[]")]
#[case::nothing_in_it("{}")]
#[case::no_request(r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}"#)]
#[case::half_a_request(
    r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "hunter2"}}"#
)]
#[case::deep(&"[".repeat(100_000))]
#[tokio::test]
async fn what_is_no_review_is_refused_with_a_reason(#[case] body: &str) {
    let response = review(body.to_owned()).await;
    assert_eq!(response["allowed"], false);
    let message = response["status"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("failed to read the AdmissionReview: "),
        "{message}"
    );
    assert!(!message.contains("hunter2"), "{message}");
}

#[tokio::test]
async fn a_large_app_is_reviewed_and_a_larger_body_is_not_read() {
    let mut sent = recorded("create");
    sent["request"]["object"]["metadata"]["annotations"] = json!({ "big": "x".repeat(5 * 1024 * 1024) });
    assert_eq!(review(sent.to_string()).await["allowed"], true);
    let response = send("POST", "/validate", Body::from(vec![b'x'; 9 * 1024 * 1024])).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[rstest]
#[case::alive("GET", "/livez", StatusCode::OK)]
#[case::ready("GET", "/readyz", StatusCode::OK)]
#[case::wrong_method("GET", "/validate", StatusCode::METHOD_NOT_ALLOWED)]
#[case::wrong_path("POST", "/convert", StatusCode::NOT_FOUND)]
#[tokio::test]
async fn other_requests_get_the_usual_answers(
    #[case] method: &str,
    #[case] path: &str,
    #[case] status: StatusCode,
) {
    assert_eq!(send(method, path, Body::empty()).await.status(), status);
}
