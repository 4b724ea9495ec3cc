//! `kubectl mendix stop`, `start`, `pause`, `resume` and `restart` against an API server in a map.

mod support;

use rstest::rstest;
use serde_json::{Value, json};
use support::{Server, run};

const SHOP: &str = "/apis/guard.kubectl-mendix.io/v1alpha1/namespaces/prod/environments/shop";

fn server(spec: &Value) -> Server {
    let server = Server::start();
    server.put(json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "MendixApp",
        "metadata": {"name": "shop", "namespace": "prod"}, "spec": {},
    }));
    server.put(json!({
        "apiVersion": "guard.kubectl-mendix.io/v1alpha1", "kind": "Environment",
        "metadata": {"name": "shop", "namespace": "prod", "resourceVersion": "7"}, "spec": spec,
    }));
    server
}

#[rstest]
#[case::stop("stop", json!({}), json!({"stopped": true}))]
#[case::start("start", json!({"stopped": true}), json!({}))]
#[case::pause("pause", json!({"model": "one"}), json!({"model": "one", "paused": true}))]
#[case::resume("resume", json!({"paused": true}), json!({}))]
fn what_is_intended_stands_in_the_environment(
    #[case] command: &str,
    #[case] before: Value,
    #[case] after: Value,
) {
    let server = server(&before);
    let told = run(&server, &[command, "shop"]);
    assert!(
        told.contains("environment.guard.kubectl-mendix.io/shop "),
        "{told}"
    );
    assert_eq!(server.object(SHOP).expect("the environment")["spec"], after);
}

#[test]
fn a_restart_is_told_from_the_one_before() {
    let server = server(&json!({"restart": {"id": "2026-01-01T00:00:00Z"}}));
    insta::assert_snapshot!(run(&server, &["restart", "shop"]), @"
    exit code 0
    --- stdout
    environment.guard.kubectl-mendix.io/shop restarted
    --- stderr
    ");
    assert_ne!(
        server.object(SHOP).expect("the environment")["spec"]["restart"]["id"],
        "2026-01-01T00:00:00Z"
    );
}

#[test]
fn a_dry_run_changes_nothing() {
    let server = server(&json!({}));
    insta::assert_snapshot!(run(&server, &["stop", "shop", "--dry-run=client", "-o", "name"]), @"
    exit code 0
    --- stdout
    environment.guard.kubectl-mendix.io/shop
    --- stderr
    ");
    assert_eq!(server.object(SHOP).expect("the environment")["spec"], json!({}));
}

#[test]
fn plain_manifests_are_their_owners() {
    let server = server(&json!({}));
    insta::assert_snapshot!(run(&server, &["restart", "tills"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no MendixApp tills in namespace prod
    hint: kubectl mendix status -A lists apps and environments
    hint: of plain manifests: kubectl rollout restart its workloads: the gate keeps the order
    ");
}

/// An app of one pod, none beside it.
fn alone() -> Server {
    let server = server(&json!({}));
    server.put(json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "Runtime",
        "metadata": {"name": "shop", "namespace": "prod"},
        "spec": {
            "environment": "shop", "image": "shop@one", "model": "one", "replicas": 1,
            "deploymentStrategy": {"rollingUpdate": {"maxSurge": 0}},
        },
    }));
    server
}

#[test]
fn a_restart_that_leaves_nobody_serving_has_to_be_allowed() {
    let server = alone();
    insta::assert_snapshot!(run(&server, &["restart", "shop"]), @"
    exit code 4
    --- stdout
    --- stderr
    error: shop is not restarted: MX111 spec.replicas: the app has one pod, and deploymentStrategy.rollingUpdate.maxSurge is 0, so none may come beside it: set replicas to 2, or say --allow-downtime
    ");
    assert_eq!(server.object(SHOP).expect("the environment")["spec"], json!({}));
    let told = run(&server, &["restart", "shop", "--allow-downtime"]);
    assert!(told.contains("exit code 0"), "{told}");
    assert!(server.object(SHOP).expect("the environment")["spec"]["restart"]["id"].is_string());
}
