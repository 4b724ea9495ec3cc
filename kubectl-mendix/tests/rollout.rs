//! `kubectl mendix history`, `undo` and `safe-rollout` against an API server in a map.

mod support;

use rstest::rstest;
use serde_json::{Value, json};
use std::time::Duration;
use support::{Server, run};

const SHOP: &str = "/apis/guard.kubectl-mendix.io/v1alpha1/namespaces/prod/environments/shop";
const LEADER: &str = "/apis/apps/v1/namespaces/prod/deployments/shop";

fn rollout(number: i64, change: &str, model: &str, outcome: &str) -> Value {
    json!({
        "number": number, "change": change, "model": model, "settings": "s", "image": format!("shop@{model}"),
        "command": ["start"], "by": "helm", "startedAt": "2026-01-01T00:00:00.000000Z",
        "endedAt": "2026-01-01T00:00:20.000000Z", "downtimeMilliseconds": 1500, "outcome": outcome,
    })
}

/// An app whose second model has failed, with a database of that schema.
fn server(schema: &str) -> Server {
    let server = Server::start();
    server.put(json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "MendixApp",
        "metadata": { "name": "shop", "namespace": "prod" }, "spec": {},
    }));
    server.put(json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "Runtime",
        "metadata": { "name": "shop", "namespace": "prod" },
        "spec": { "environment": "shop", "image": "shop@two", "model": "two", "replicas": 1 },
    }));
    server.put(json!({
        "apiVersion": "guard.kubectl-mendix.io/v1alpha1", "kind": "Environment",
        "metadata": { "name": "shop", "namespace": "prod", "resourceVersion": "7" }, "spec": {},
        "status": {
            "schema": { "model": schema, "state": "maybe" },
            "rollouts": [rollout(1, "first", "one", "succeeded"), rollout(2, "model", "two", "failed")],
        },
    }));
    server
}

#[test]
fn history_tells_how_each_rollout_went() {
    let told = run(&server("one"), &["history", "shop", "-o", "json"]);
    assert!(
        told.contains("exit code 0") && told.contains(r#""downtimeMilliseconds": 1500"#),
        "{told}"
    );
    let table = run(&server("one"), &["history", "shop"]);
    assert!(table.contains("NUMBER") && table.contains("Failed"), "{table}");
}

#[test]
fn an_app_goes_back_while_the_schema_is_there() {
    let server = server("one");
    let told = run(&server, &["undo", "shop"]);
    assert!(
        told.contains("environment.guard.kubectl-mendix.io/shop undone"),
        "{told}"
    );
    let undo = &server.object(SHOP).expect("the environment")["spec"]["undo"];
    assert_eq!(
        json!([undo["from"], undo["model"], undo["image"], undo["command"]]),
        json!(["two", "one", "shop@one", ["start"]])
    );
}

#[test]
fn a_schema_that_moved_on_refuses_the_way_back() {
    let server = server("two");
    insta::assert_snapshot!(run(&server, &["undo", "shop"]), @"
    exit code 4
    --- stdout
    --- stderr
    error: shop is not undone: the database may have the schema of model two by now, and an earlier model drops what it does not know of (MX009): mend what failed and deploy that, or restore the backup of the database and say --restored
    hint: kubectl mendix explain MX009 says why
    ");
    assert_eq!(server.object(SHOP).expect("the environment")["spec"], json!({}));
}

#[test]
fn a_restored_database_is_declared_with_the_way_back() {
    let server = server("two");
    let told = run(&server, &["undo", "shop", "--restored", "--yes"]);
    assert!(told.contains("exit code 0"), "{told}");
    let spec = &server.object(SHOP).expect("the environment")["spec"];
    assert_eq!(
        json!([spec["undo"]["model"], spec["restored"]["model"]]),
        json!(["one", "one"])
    );
    assert_eq!(spec["undo"]["id"], spec["restored"]["id"]);
}

#[test]
fn an_undo_is_taken_back() {
    let server = server("one");
    let nothing = run(&server, &["undo", "shop", "--cancel"]);
    assert!(
        nothing.contains("exit code 1") && nothing.contains("was not undone"),
        "{nothing}"
    );
    run(&server, &["undo", "shop"]);
    let told = run(&server, &["undo", "shop", "--cancel"]);
    assert!(
        told.contains("exit code 0") && told.contains("shop redone"),
        "{told}"
    );
    assert_eq!(
        server.object(SHOP).expect("the environment")["spec"]["undo"],
        json!(null)
    );
}

#[test]
fn what_nobody_affirms_is_not_declared() {
    let server = server("two");
    let told = run(&server, &["undo", "shop", "--restored"]);
    assert!(told.contains("exit code 2"), "{told}");
    assert_eq!(server.object(SHOP).expect("the environment")["spec"], json!({}));
}

fn deployment(labels: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "shop", "namespace": "prod" },
        "spec": { "selector": {}, "template": {
            "metadata": { "labels": labels },
            "spec": { "containers": [{ "name": "app", "image": "shop:1" }] },
        } },
    })
}

#[rstest]
#[case::unguarded(json!({ "app": "shop" }), "exit code 4")]
#[case::a_worker(
    json!({ "kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": "worker" }),
    "exit code 2"
)]
#[case::a_leader(
    json!({ "kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": "leader" }),
    "exit code 0"
)]
fn only_guarded_workloads_are_rolled_out(#[case] labels: Value, #[case] expected: &str) {
    let server = server("one");
    server.put(deployment(&labels));
    let told = run(
        &server,
        &[
            "safe-rollout",
            "--leader",
            "deploy/shop",
            "--image",
            "shop:2",
            "--dry-run=client",
        ],
    );
    assert!(told.contains(expected), "{told}");
    let template = &server.object(LEADER).expect("the Deployment")["spec"]["template"];
    assert_eq!(template["spec"]["containers"][0]["image"], "shop:1");
}

#[test]
fn a_pipeline_reads_what_happens_as_events() {
    let server = server("one");
    server.put(deployment(&json!({
        "kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": "leader",
    })));
    let arguments = ["safe-rollout", "--leader", "deploy/shop", "--image", "shop:2"];
    let told = std::thread::scope(|scope| {
        scope.spawn(|| {
            while server.requests("PATCH").is_empty() {
                std::thread::sleep(Duration::from_millis(10));
            }
            let mut environment = server.object(SHOP).expect("the environment");
            let rollouts = environment["status"]["rollouts"].as_array_mut();
            rollouts
                .expect("rollouts")
                .push(rollout(3, "model", "three", "succeeded"));
            server.put(environment);
        });
        run(&server, &[&arguments[..], &["-o", "json"]].concat())
    });
    let (head, told) = told.split_once("--- stdout\n").expect("standard output");
    assert!(head.starts_with("exit code 0"), "{head}");
    let (out, err) = told.split_once("--- stderr\n").expect("standard error");
    assert_eq!(err, "");
    let events: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("an event a line"))
        .collect();
    assert!(events.iter().all(|event| event["time"].is_string()), "{events:?}");
    assert_eq!(events[0]["info"], "deployment.apps/shop image updated");
    assert_eq!(
        events.last().map(|event| &event["rollout"]["number"]),
        Some(&json!(3))
    );
}
