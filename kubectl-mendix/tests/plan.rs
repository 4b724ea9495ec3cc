//! `kubectl mendix plan` against an API server in a map.

mod support;

use rstest::rstest;
use serde_json::{Value, json};
use support::{Server, run, run_with_stdin};

fn deployment(name: &str, replicas: i32) -> Value {
    let labels = json!({ "kubectl-mendix.io/model": "one" });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": name, "namespace": "prod", "generation": 1,
            "annotations": { "kubectl-mendix.io/input": "hash" },
        },
        "spec": { "replicas": replicas, "selector": {}, "template": { "metadata": {
            "labels": labels, "annotations": { "kubectl-mendix.io/leader-selection": "assigned" },
        } } },
        "status": {
            "observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": replicas,
        },
    })
}

fn pod(role: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("shop-{role}-0"), "namespace": "prod",
            "labels": {
                "privatecloud.mendix.com/app": "shop", "privatecloud.mendix.com/component": "mendix-app",
                "kubectl-mendix.io/role": role, "kubectl-mendix.io/model": "one",
            },
            "annotations": { "kubectl-mendix.io/leader-selection": "assigned" },
        },
        "status": { "conditions": [{ "type": "Ready", "status": "True" }] },
    })
}

/// An app of two pods, all ready, that has had another model once before.
fn server(intents: &Value) -> Server {
    let server = Server::start();
    server.put(json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "MendixApp",
        "metadata": { "name": "shop", "namespace": "prod", "managedFields": [{
            "manager": "kubectl-mendix", "operation": "Apply", "apiVersion": "privatecloud.mendix.com/v1alpha1",
            "fieldsType": "FieldsV1", "fieldsV1": { "f:spec": { "f:sourceURL": {}, "f:replicas": {} } },
        }] },
        "spec": { "sourceURL": "https://example.com/one.mda", "replicas": 2 },
    }));
    server.put(json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "Runtime",
        "metadata": { "name": "shop", "namespace": "prod" },
        "spec": {
            "environment": "shop", "image": "shop@one", "model": "one", "replicas": 2, "resources": {},
        },
    }));
    server.put(json!({
        "apiVersion": "guard.kubectl-mendix.io/v1alpha1", "kind": "Environment",
        "metadata": { "name": "shop", "namespace": "prod" }, "spec": intents,
        "status": { "rollouts": [{
            "number": 3, "change": "model", "model": "one", "settings": "s", "startedAt": "2026-01-01T00:00:00.000000Z",
            "endedAt": "2026-01-01T00:00:20.000000Z", "downtimeMilliseconds": 2400, "outcome": "succeeded",
        }] },
    }));
    server.put(deployment("shop-master", 1));
    server.put(deployment("shop-worker", 1));
    server.put(pod("leader"));
    server.put(pod("worker"));
    server
}

#[test]
fn another_package_is_told_step_by_step() {
    let server = server(&json!({}));
    let asked = ["plan", "shop", "--source-url", "https://example.com/two.mda"];
    insta::assert_snapshot!(run(&server, &asked), @"
    exit code 10
    --- stdout
    shop:
      1. the package is built into an image
      2. the image is pulled on the nodes where the app runs
      3. workers end: 1
      4. the leader ends; the next one starts and updates the database; nobody serves
      5. workers start: 1
    expected downtime: 2s 400ms, as in rollout 3
    --- stderr
    ");
    let patches = server.requests("PATCH");
    assert!(
        patches.iter().all(|patch| patch.query["dryRun"] == "All"),
        "{patches:?}"
    );
}

#[rstest]
#[case::nothing(&["--replicas", "2"], "exit code 0", "shop: nothing to do")]
#[case::more(&["--replicas", "4"], "exit code 10", "  1. workers become 3 instead of 1\nexpected downtime: none")]
#[case::settings(
    &["--constant", "Shop.Open=yes"],
    "exit code 10",
    "  1. workers are replaced one after the other: 1\n  2. the leader is replaced\nexpected downtime: none"
)]
fn a_setting_is_told_by_what_it_does(#[case] flags: &[&str], #[case] code: &str, #[case] expected: &str) {
    let told = run(&server(&json!({})), &[&["plan", "shop"], flags].concat());
    assert!(told.contains(code) && told.contains(expected), "{told}");
}

#[rstest]
#[case::paused(json!({ "paused": true }), "kubectl mendix resume")]
#[case::stopped(json!({ "stopped": true }), "kubectl mendix start")]
fn what_people_intend_is_told(#[case] intents: Value, #[case] expected: &str) {
    let told = run(
        &server(&intents),
        &["plan", "shop", "--replicas", "2", "-o", "json"],
    );
    assert!(told.contains(expected), "{told}");
}

#[test]
fn what_is_refused_has_no_plan() {
    let manifest = "{apiVersion: privatecloud.mendix.com/v1alpha1, kind: MendixApp, metadata: {name: mendix-x}, spec: {}}";
    let told = run_with_stdin(&server(&json!({})).kubeconfig(), &["plan", "-f", "-"], manifest);
    assert!(told.contains("exit code 4") && told.contains("MX100"), "{told}");
}

#[test]
fn plain_workloads_have_a_plan_too() {
    let server = server(&json!({}));
    for (name, role, replicas) in [("till", "leader", 1), ("till-workers", "worker", 2)] {
        let labels = json!({ "kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": role });
        server.put(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name, "namespace": "prod" },
            "spec": { "replicas": replicas, "selector": {}, "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "app", "image": "shop:1" }] },
            } },
        }));
    }
    let asked = [
        "plan",
        "--leader",
        "deploy/till",
        "--workers",
        "deploy/till-workers",
        "--image",
    ];
    insta::assert_snapshot!(run(&server, &[&asked[..], &["shop:2"]].concat()), @"
    exit code 10
    --- stdout
    shop:
      1. the image is pulled on the nodes where the app runs
      2. workers end: 2
      3. the leader ends; the next one starts and updates the database; nobody serves
      4. workers start: 2
    expected downtime: 2s 400ms, as in rollout 3
    --- stderr
    ");
    let same = run(&server, &[&asked[..], &["shop:1"]].concat());
    assert!(
        same.contains("exit code 0") && same.contains("nothing to do"),
        "{same}"
    );
}
