//! `kubectl mendix fence` and `adopt` against an API server in a map.

mod support;

use serde_json::{Value, json};
use support::{Server, run, status};

const SHOP: &str = "/apis/guard.kubectl-mendix.io/v1alpha1/namespaces/prod/environments/shop";

fn environment(namespace: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "guard.kubectl-mendix.io/v1alpha1", "kind": "Environment",
        "metadata": {"name": name, "namespace": namespace, "resourceVersion": "7"},
        "spec": spec, "status": {"claim": "database-1"},
    })
}

fn pod(namespace: &str, environment: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": namespace, "uid": name, "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"kubectl-mendix.io/environment": environment},
        },
        "spec": {"nodeName": "one", "containers": []}, "status": {"phase": "Running"},
    })
}

fn node(ready: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "one"},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    })
}

/// A node that went silent under pods of two environments.
fn lost_node() -> Server {
    let server = Server::start();
    server.put(node("Unknown"));
    let fenced = json!({"fenced": [{"name": "two", "at": "2025-01-01T00:00:00Z"}]});
    server.put(environment("prod", "shop", &fenced));
    server.put(environment("test", "crm", &json!({})));
    server.put(pod("prod", "shop", "shop-a"));
    server.put(pod("prod", "shop", "shop-b"));
    server.put(pod("test", "crm", "crm-a"));
    server
}

#[test]
fn every_environment_on_the_node_is_told() {
    let server = lost_node();
    insta::assert_snapshot!(run(&server, &["fence", "one", "--yes"]), @"
    exit code 0
    --- stdout
    NAMESPACE   ENVIRONMENT   RESULT    PODS
    prod        shop          goes on   shop-a, shop-b
    test        crm           goes on   crm-a
    --- stderr
    warning: you say that the machine of node one is off, or cut off from database and file storage for good, and that no process of these pods runs any more:
      prod/shop: shop-a, shop-b
      test/crm: crm-a
    If one of them runs all the same, two leaders write to one database.
    ");
    insta::assert_yaml_snapshot!(server.requests("PATCH")[0].body, @r#"
    metadata:
      resourceVersion: "7"
    spec:
      fenced:
        - at: "2025-01-01T00:00:00Z"
          name: two
        - at: "2026-01-01T00:00:00Z"
          name: one
    "#);
}

#[test]
fn a_namespace_limits_it() {
    let server = lost_node();
    let text = run(&server, &["fence", "one", "--yes", "-n", "test", "-o", "name"]);
    assert!(
        text.contains("--- stdout\nenvironment.guard.kubectl-mendix.io/crm\n---"),
        "{text}"
    );
    assert_eq!(server.requests("PATCH").len(), 1);
}

#[test]
fn without_the_right_to_list_all_pods_the_own_namespace_is_looked_at() {
    let server = lost_node();
    server.refuse("GET", "/api/v1/pods", 403, status(403, "Forbidden", "no", "pods"));
    let text = run(&server, &["fence", "one", "--yes", "-o", "name"]);
    assert!(text.contains("only namespace prod is looked at"), "{text}");
    assert!(
        text.contains("environment.guard.kubectl-mendix.io/shop\n---"),
        "{text}"
    );
}

#[test]
fn nothing_is_said_without_a_yes() {
    let server = lost_node();
    let text = run(&server, &["fence", "one"]);
    assert!(text.starts_with("exit code 2"), "{text}");
    assert!(text.ends_with("hint: say --yes, if it is true\n"), "{text}");
    let dry = run(&server, &["fence", "one", "--dry-run=client"]);
    assert!(dry.starts_with("exit code 0"), "{dry}");
    assert!(server.requests("PATCH").is_empty());
}

#[test]
fn a_node_that_reports_is_not_fenced() {
    let server = lost_node();
    server.put(node("True"));
    let text = run(&server, &["fence", "one", "--yes"]);
    assert!(text.starts_with("exit code 4"), "{text}");
    assert!(server.requests("PATCH").is_empty());
    assert!(run(&server, &["fence", "one", "--yes", "--force"]).starts_with("exit code 0"));
}

#[test]
fn a_slip_of_the_pen_is_no_node() {
    let text = run(&lost_node(), &["fence", "onee", "--yes"]);
    assert!(
        text.starts_with("exit code 1") && text.contains("there is no node onee"),
        "{text}"
    );
}

#[test]
fn a_declaration_that_meets_another_one_is_put_together_again() {
    let server = lost_node();
    server.refuse_once("PATCH", SHOP, 409, status(409, "Conflict", "modified", "shop"));
    let text = run(&server, &["fence", "one", "--yes", "-n", "prod"]);
    assert!(text.starts_with("exit code 0"), "{text}");
    assert_eq!(server.requests("PATCH").len(), 2);
}

#[test]
fn one_that_may_not_be_changed_leaves_the_others() {
    let server = lost_node();
    server.refuse("PATCH", SHOP, 403, status(403, "Forbidden", "no", "shop"));
    insta::assert_snapshot!(run(&server, &["fence", "one", "--yes"]), @"
    exit code 1
    --- stdout
    NAMESPACE   ENVIRONMENT   RESULT    PODS
    prod        shop          failed    shop-a, shop-b
    test        crm           goes on   crm-a
    --- stderr
    warning: you say that the machine of node one is off, or cut off from database and file storage for good, and that no process of these pods runs any more:
      prod/shop: shop-a, shop-b
      test/crm: crm-a
    If one of them runs all the same, two leaders write to one database.
    error: failed to patch environments.guard.kubectl-mendix.io in namespace prod: no
    hint: ask for the right that this shows: kubectl auth can-i patch environments.guard.kubectl-mendix.io -n prod
    ");
}

fn claim(owner: &str) -> Value {
    json!({
        "apiVersion": "guard.kubectl-mendix.io/v1alpha1", "kind": "DatabaseClaim", "metadata": {"name": "database-1"},
        "spec": {
            "formatVersion": 1, "state": "held", "mode": "assigned",
            "owner": {"cluster": "c", "namespace": "prod", "environment": owner},
        },
    })
}

fn claimed_by(owner: &str) -> Server {
    let server = Server::start();
    server.put(environment("prod", "shop", &json!({})));
    server.put(claim(owner));
    server
}

#[test]
fn a_database_is_taken_over_from_its_owner() {
    let server = claimed_by("crm");
    insta::assert_snapshot!(run(&server, &["adopt", "shop", "--yes"]), @"
    exit code 0
    --- stdout
    environment.guard.kubectl-mendix.io/shop patched
    --- stderr
    warning: you say that environment shop may have the database from now on, and that nothing of environment crm of namespace prod runs on it any more, in this or any other cluster. If something does, two apps write to one database.
    the controller acts on it; kubectl get environments.guard.kubectl-mendix.io shop -n prod -w shows what comes of it
    ");
    let spec = server
        .object(SHOP)
        .map(|it| it["spec"].clone())
        .unwrap_or_default();
    assert!(spec["adopt"]["id"].is_string(), "{spec}");
}

#[test]
fn ones_own_database_is_not_taken_over() {
    let server = claimed_by("shop");
    let text = run(&server, &["adopt", "shop", "--yes"]);
    assert!(
        text.starts_with("exit code 2") && text.contains("nothing to take over"),
        "{text}"
    );
    assert!(server.requests("PATCH").is_empty());
}

#[test]
fn a_restore_is_declared_with_its_model() {
    let server = claimed_by("shop");
    let text = run(
        &server,
        &["adopt", "shop", "--restored", "m1", "--yes", "-o", "name"],
    );
    assert!(
        text.contains("--- stdout\nenvironment.guard.kubectl-mendix.io/shop\n---"),
        "{text}"
    );
    let patch = &server.requests("PATCH")[0];
    assert_eq!(patch.body["spec"]["restored"]["model"], "m1");
    assert_eq!(patch.body["metadata"]["resourceVersion"], "7");
}

#[test]
fn a_dry_run_shows_and_keeps_nothing() {
    let server = claimed_by("crm");
    let text = run(&server, &["adopt", "shop", "--dry-run=client", "-o", "json"]);
    assert!(text.contains("\"adopt\": {"), "{text}");
    assert!(server.requests("PATCH").is_empty());
    let text = run(&server, &["adopt", "shop", "--dry-run=server"]);
    assert!(text.contains("patched (server dry run)"), "{text}");
    assert!(
        server
            .object(SHOP)
            .is_some_and(|it| it["spec"]["adopt"].is_null())
    );
}

#[test]
fn an_environment_that_is_not_there_has_no_database() {
    let text = run(&Server::start(), &["adopt", "shop", "--yes"]);
    assert!(
        text.contains("there is no environment shop in namespace prod"),
        "{text}"
    );
}
