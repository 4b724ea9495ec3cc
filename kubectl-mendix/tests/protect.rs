//! `kubectl mendix protect` and `unprotect` against an API server in a map.

mod support;

use serde_json::{Value, json};
use support::{Server, ready, run, status};

const NAMESPACE: &str = "/api/v1/namespaces/prod";
const ENVIRONMENT: &str = "/apis/guard.kubectl-mendix.io/v1alpha1/namespaces/prod/environments/shop";
const ROLE: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/prod/roles/kubectl-mendix-gate";
const BINDING: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/prod/rolebindings/kubectl-mendix-gate";

fn workload(name: &str, role: &str, index: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": "prod", "uid": format!("uid-{name}")},
        "spec": {"replicas": 1, "selector": {}, "serviceName": "x", "template": {
            "metadata": {"labels": {"kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": role}},
            "spec": {"containers": [{"name": "app", "env": [
                {"name": "CF_INSTANCE_INDEX", "value": index},
                {"name": "DATABASE_ENDPOINT", "valueFrom": {"secretKeyRef": {"name": "shop-db", "key": "url"}}},
            ]}]},
        }},
    })
}

fn pod(name: &str, uid: &str, opened: bool) -> Value {
    let owner = name.strip_suffix("-0").unwrap_or_default();
    let (image, finalizers) = if opened {
        ("shop@sha256:0", json!(["kubectl-mendix.io/active"]))
    } else {
        ("shop:1", json!([]))
    };
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "prod", "uid": uid, "finalizers": finalizers,
            "labels": {"kubectl-mendix.io/environment": "shop"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": owner,
                "uid": format!("uid-{owner}"), "controller": true}],
        },
        "spec": {"containers": [{"name": "app", "image": image}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

/// A leader and a worker that run without the gate, in a cluster with a controller.
fn shop() -> Server {
    let server = Server::start();
    server.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod"}}));
    server.put(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "mendix-controller", "namespace": "mendix-system", "labels": {
            "app.kubernetes.io/name": "mendix", "app.kubernetes.io/component": "controller",
        }},
        "spec": {"selector": {}, "template": {"spec": {"serviceAccountName": "mendix-controller", "containers": []}}},
    }));
    server.put(workload("leader", "leader", "0"));
    server.put(workload("worker", "worker", "1"));
    server.put(pod("leader-0", "l1", false));
    server.put(pod("worker-0", "w1", false));
    server
}

fn environment(server: &Server) {
    server.put(json!({
        "apiVersion": "guard.kubectl-mendix.io/v1alpha1", "kind": "Environment",
        "metadata": {"name": "shop", "namespace": "prod", "generation": 1},
        "spec": {}, "status": {"conditions": ready()},
    }));
}

fn guard(server: &Server) -> Value {
    let namespace = server.object(NAMESPACE).unwrap_or_default();
    namespace["metadata"]["labels"]["kubectl-mendix.io/guard"].clone()
}

#[test]
fn a_namespace_is_guarded_and_its_workloads_are_shown() {
    let server = shop();
    insta::assert_snapshot!(run(&server, &["protect"]), @"
    exit code 0
    --- stdout
    WORKLOAD             STATE       ENVIRONMENT   ROLE     DATABASE            MESSAGE
    statefulset/leader   Unguarded   shop          leader   by Secret shop-db   pod leader-0 runs without the gate
    statefulset/worker   Unguarded   shop          worker   by Secret shop-db   pod worker-0 runs without the gate
    --- stderr
    role and rolebinding kubectl-mendix-gate applied, for mendix-system/mendix-controller
    namespace/prod labelled kubectl-mendix.io/guard=enabled
    shop: pods run that never were at the gate; they stay as they are until they end, and kubectl mendix protect -n prod --restart replaces them in the right order
    ");
    assert_eq!(guard(&server), "enabled");
    // Rights before the label: a crash in between leaves rights that nobody needs, never pods that wait for rights.
    let paths: Vec<_> = server.requests("PATCH").into_iter().map(|it| it.path).collect();
    assert_eq!(paths, [ROLE, BINDING, NAMESPACE]);
    assert!(
        server.requests("DELETE").is_empty(),
        "nobody was there to be asked"
    );
}

#[test]
fn an_audit_is_the_same_but_for_the_label() {
    let server = shop();
    let text = run(&server, &["protect", "--audit", "-q"]);
    assert!(text.starts_with("exit code 0"), "{text}");
    assert_eq!(guard(&server), "audit");
    assert!(server.requests("POST").is_empty(), "nothing is adopted");
    assert!(server.object(ROLE).is_some());
    assert!(run(&server, &["protect", "--audit", "--restart"]).starts_with("exit code 2"));
}

#[test]
fn what_would_be_held_makes_an_exit_code() {
    let server = shop();
    server.put(workload("worker", "worker", "0"));
    let text = run(&server, &["protect", "--dry-run=client", "-o", "json"]);
    assert!(text.starts_with("exit code 3"), "{text}");
    assert!(
        text.contains("variable CF_INSTANCE_INDEX of a worker has another value"),
        "{text}"
    );
    assert!(server.requests("PATCH").is_empty());
}

#[test]
fn a_server_dry_run_keeps_nothing() {
    let server = shop();
    let text = run(&server, &["protect", "--dry-run=server", "-o", "name"]);
    assert!(
        text.contains("--- stdout\nstatefulset.apps/leader\nstatefulset.apps/worker\n---"),
        "{text}"
    );
    assert_eq!(guard(&server), Value::Null);
    assert_eq!(server.object(ROLE), None);
}

#[test]
fn without_a_controller_nothing_is_guarded() {
    let server = shop();
    let text = run(&server, &["protect", "--release-namespace", "elsewhere"]);
    assert!(
        text.contains("there is no controller in namespace elsewhere"),
        "{text}"
    );
    assert_eq!(guard(&server), Value::Null);
}

#[test]
fn workers_make_way_before_the_leader() {
    let server = shop();
    environment(&server);
    server.at_each_deletion(|objects, path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let next = pod(name, &format!("{name}-next"), true);
        objects.insert(path.to_owned(), next);
    });
    insta::assert_snapshot!(run(&server, &["protect", "--restart", "-o", "name"]), @"
    exit code 0
    --- stdout
    statefulset.apps/leader
    statefulset.apps/worker
    --- stderr
    role and rolebinding kubectl-mendix-gate applied, for mendix-system/mendix-controller
    namespace/prod labelled kubectl-mendix.io/guard=enabled
    shop: deleting workers worker-0
    shop: deleting leaders and peers leader-0
    shop is ready, with guarded pods alone
    ");
    let deleted: Vec<_> = server
        .requests("DELETE")
        .into_iter()
        .map(|it| (it.path, it.body["preconditions"]["uid"].clone()))
        .collect();
    let path = |name: &str| format!("{NAMESPACE}/pods/{name}");
    assert_eq!(
        deleted,
        [(path("worker-0"), json!("w1")), (path("leader-0"), json!("l1"))]
    );
}

#[test]
fn nothing_is_stopped_that_the_controller_does_not_know() {
    let server = shop();
    insta::assert_snapshot!(run(&server, &["protect", "--restart", "-q", "-o", "name", "--timeout", "3s"]), @"
    exit code 3
    --- stdout
    statefulset.apps/leader
    statefulset.apps/worker
    --- stderr
    error: shop is not ready, so no other environment is restarted: shop: the controller has not seen the environment yet
    hint: the controller goes on; kubectl get environments.guard.kubectl-mendix.io shop -n prod -o yaml shows what its pods wait for
    hint: the same command goes on with what is left
    ");
    assert!(server.requests("DELETE").is_empty());
}

#[test]
fn a_pod_that_comes_without_the_gate_ends_it() {
    let server = shop();
    environment(&server);
    server.at_each_deletion(|objects, path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let next = pod(name, &format!("{name}-next"), false);
        objects.insert(path.to_owned(), next);
    });
    let text = run(&server, &["protect", "--restart", "-q"]);
    assert!(
        text.starts_with("exit code 3") && text.contains("came without the gate"),
        "{text}"
    );
}

#[test]
fn a_namespace_is_freed_by_the_controller_alone() {
    let server = shop();
    run(&server, &["protect", "-q"]);
    server.put(pod("leader-0", "l1", true));
    let text = run(&server, &["unprotect", "--timeout", "3s"]);
    assert!(text.starts_with("exit code 3"), "{text}");
    assert!(
        text.contains("waiting for the controller to free gate or finalizer of leader-0"),
        "{text}"
    );
    assert_eq!(guard(&server), "leaving");
    assert!(
        server.object(ROLE).is_some(),
        "the controller still needs its rights"
    );
    let patched: Vec<_> = server.requests("PATCH").into_iter().map(|it| it.path).collect();
    assert!(!patched.iter().any(|path| path.contains("/pods/")), "{patched:?}");

    server.put(pod("leader-0", "l1", false));
    environment(&server);
    let text = run(&server, &["unprotect", "--timeout", "1s"]);
    assert!(
        text.starts_with("exit code 3") && text.contains("environment of shop"),
        "{text}"
    );
    assert!(
        server.object(ROLE).is_some(),
        "the controller still needs its rights"
    );

    server.remove(ENVIRONMENT);
    insta::assert_snapshot!(run(&server, &["unprotect"]), @"
    exit code 0
    --- stdout
    namespace/prod unprotected
    --- stderr
    namespace/prod labelled kubectl-mendix.io/guard=leaving: the controller opens what may open, and lets go what has ended
    ");
    assert_eq!(
        (guard(&server), server.object(ROLE), server.object(BINDING)),
        (Value::Null, None, None)
    );
}

#[test]
fn rights_that_were_left_go_even_without_a_label() {
    let server = shop();
    run(&server, &["protect", "-q"]);
    server.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod"}}));
    let text = run(&server, &["unprotect"]);
    assert!(text.contains("namespace prod is not guarded"), "{text}");
    assert_eq!(server.object(ROLE), None);
}

#[test]
fn a_missing_right_is_named() {
    let server = shop();
    server.refuse(
        "PATCH",
        ROLE,
        403,
        status(403, "Forbidden", "no", "kubectl-mendix-gate"),
    );
    let text = run(&server, &["protect"]);
    assert!(
        text.contains("kubectl auth can-i patch roles.rbac.authorization.k8s.io -n prod"),
        "{text}"
    );
    assert_eq!(guard(&server), Value::Null);
}
