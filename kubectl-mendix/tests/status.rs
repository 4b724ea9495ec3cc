//! `kubectl mendix status` against an API server in a map.

mod support;

use serde_json::{Value, json};
use support::{APPS, Server, condition, ready, run, stalled, status};

fn object(kind: &str, name: &str, spec: &Value, status: &Value) -> Value {
    json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": kind,
        "metadata": {"name": name, "namespace": "prod", "generation": 1, "creationTimestamp": "2020-01-01T00:00:00Z"},
        "spec": spec, "status": status,
    })
}

fn app(name: &str, state: &str, conditions: &Value) -> Value {
    let spec = json!({
        "sourceURL": "https://example.com/shop.mda?token=secret",
        "database": {"servicePlan": "postgres"}, "storage": {"servicePlan": "files"},
    });
    let status = json!({
        "observedGeneration": 1, "state": state, "appURL": "https://shop.example.com", "leader": "1/1",
        "workers": "2/2", "model": "0123456789abcdef0123", "image": "registry/shop@sha256:0f", "conditions": conditions,
    });
    object("MendixApp", name, &spec, &status)
}

fn pod(name: &str, role: &str, status: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "prod", "labels": {
            "kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": role,
            "kubectl-mendix.io/component": "runtime", "kubectl-mendix.io/model": "0123456789abcdef0123",
        }},
        "spec": {"nodeName": "node1", "containers": []}, "status": status,
    })
}

fn ready_pod() -> Value {
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})
}

/// A whole app that serves.
fn shop(server: &Server) {
    server.put(app("shop", "Ready", &ready()));
    for (name, purpose, plan) in [
        ("shop-database", "database", "postgres"),
        ("shop-file", "file", "files"),
    ] {
        let spec = json!({"planName": plan, "purpose": purpose, "environment": "shop"});
        let status = json!({"phase": "Ready", "secretName": name, "conditions": ready()});
        server.put(object("StorageInstance", name, &spec, &status));
    }
    let build = json!({"sourceURL": "u", "environment": "shop"});
    let build_status = json!({
        "phase": "Ready", "model": "0123456789abcdef0123", "image": "registry/shop@sha256:0f",
        "modelVersion": "1.2.3", "runtimeVersion": "10.24.0", "conditions": ready(),
    });
    server.put(object("Build", "shop-build", &build, &build_status));
    let endpoint = json!({"appURL": "https://shop.example.com", "conditions": ready()});
    server.put(object(
        "Endpoint",
        "shop",
        &json!({"environment": "shop"}),
        &endpoint,
    ));
    let runtime = json!({"environment": "shop", "image": "i", "model": "m", "replicas": 2});
    let running = json!({"state": "Started", "leader": "1/1", "workers": "1/1", "conditions": ready()});
    server.put(object("Runtime", "shop", &runtime, &running));
    server.put(pod("shop-worker-b", "worker", &ready_pod()));
    server.put(pod("shop-master-a", "leader", &ready_pod()));
}

#[test]
fn an_app_is_a_tree() {
    let server = Server::start();
    shop(&server);
    insta::assert_snapshot!(run(&server, &["status", "shop"]), @"
    exit code 0
    --- stdout
    NAME                        STATE     DETAILS
    app shop                    Ready     https://shop.example.com
    ├─ database shop-database   Ready     plan postgres, secret shop-database
    ├─ files shop-file          Ready     plan files, secret shop-file
    ├─ build shop-build         Ready     model 0123456789ab, version 1.2.3
    ├─ endpoint shop            Ready     https://shop.example.com
    └─ runtime shop             Started   leader 1/1, workers 1/1
       ├─ pod shop-master-a     Ready     leader
       └─ pod shop-worker-b     Ready     worker
    --- stderr
    ");
    insta::assert_snapshot!(run(&server, &["status", "shop", "-o", "wide"]), @"
    exit code 0
    --- stdout
    NAME                        STATE     DETAILS
    app shop                    Ready     https://shop.example.com, source https://example.com/shop.mda
    ├─ database shop-database   Ready     plan postgres, secret shop-database
    ├─ files shop-file          Ready     plan files, secret shop-file
    ├─ build shop-build         Ready     model 0123456789abcdef0123, version 1.2.3, runtime 10.24.0, image registry/shop@sha256:0f
    ├─ endpoint shop            Ready     https://shop.example.com
    └─ runtime shop             Started   leader 1/1, workers 1/1
       ├─ pod shop-master-a     Ready     leader, model 0123456789abcdef0123, node node1
       └─ pod shop-worker-b     Ready     worker, model 0123456789abcdef0123, node node1
    --- stderr
    ");
}

#[test]
fn rows_that_are_not_kept_are_told_and_those_that_are_only_in_the_wide_form() {
    let server = Server::start();
    shop(&server);
    let line = |status: &str, reason: &str, format: &[&str]| {
        let mut lease = condition("DatabaseLease", status, "why");
        lease["reason"] = json!(reason);
        let spec = json!({"environment": "shop", "image": "i", "model": "m", "replicas": 1});
        let status = json!({"state": "Started", "conditions": [ready()[0], lease]});
        server.put(object("Runtime", "shop", &spec, &status));
        let text = run(&server, &[&["status", "shop"], format].concat());
        text.lines()
            .find(|line| line.contains("lease"))
            .map(str::to_owned)
    };
    let told = |state: &str| Some(format!("├─ lease shop               {state:<9} why"));
    assert_eq!(line("False", "Absent", &[]), told("Absent"));
    assert_eq!(line("True", "Held", &[]), None);
    assert_eq!(line("True", "Held", &["-o", "wide"]), told("Held"));
}

#[test]
fn what_keeps_an_app_stands_beside_what_it_keeps() {
    let server = Server::start();
    shop(&server);
    server.put(app(
        "shop",
        "Failed",
        &stalled("the leader cannot start: no licence"),
    ));
    server.put(pod(
        "shop-master-a",
        "leader",
        &json!({"phase": "Running", "containerStatuses": [{
            "name": "mendix", "image": "i", "imageID": "", "ready": false, "restartCount": 3,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": 1, "message": "no licence"}},
        }]}),
    ));
    insta::assert_snapshot!(run(&server, &["status", "shop"]), @"
    exit code 3
    --- stdout
    NAME                        STATE              DETAILS
    app shop                    Failed             https://shop.example.com, the leader cannot start: no licence
    ├─ database shop-database   Ready              plan postgres, secret shop-database
    ├─ files shop-file          Ready              plan files, secret shop-file
    ├─ build shop-build         Ready              model 0123456789ab, version 1.2.3
    ├─ endpoint shop            Ready              https://shop.example.com
    └─ runtime shop             Started            leader 1/1, workers 1/1
       ├─ pod shop-master-a     CrashLoopBackOff   leader, 3 restarts, ended with exit code 1: no licence
       └─ pod shop-worker-b     Ready              worker
    --- stderr
    ");
}

#[test]
fn the_json_form_is_stable() {
    let server = Server::start();
    shop(&server);
    insta::assert_snapshot!(run(&server, &["status", "shop", "-o", "json"]));
}

#[test]
fn yaml_and_names() {
    let server = Server::start();
    server.put(app("shop", "Ready", &ready()));
    insta::assert_snapshot!(run(&server, &["status", "-o", "yaml"]), @r#"
    exit code 0
    --- stdout
    apps:
    - created: "2020-01-01T00:00:00Z"
      health: Ready
      image: registry/shop@sha256:0f
      leader: 1/1
      model: 0123456789abcdef0123
      name: shop
      namespace: prod
      source: https://example.com/shop.mda
      state: Ready
      url: https://shop.example.com
      workers: 2/2
    environments: []
    problems: []
    --- stderr
    "#);
    insta::assert_snapshot!(run(&server, &["status", "-o", "name"]), @"
    exit code 0
    --- stdout
    mendixapp.privatecloud.mendix.com/shop
    --- stderr
    ");
}

#[test]
fn many_apps_are_a_table_and_one_that_is_not_ready_makes_exit_code_3() {
    let server = Server::start();
    let created = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(76);
    let mut shop = app("shop", "Ready", &ready());
    shop["metadata"]["creationTimestamp"] = json!(created);
    server.put(shop);
    insta::assert_snapshot!(run(&server, &["status"]), @"
    exit code 0
    --- stdout
    NAME   STATE   LEADER   WORKERS   URL                        AGE    MESSAGE
    shop   Ready   1/1      2/2       https://shop.example.com   3d4h
    --- stderr
    ");
    let mut broken = app("crm", "Failed", &stalled("the package was not found"));
    broken["metadata"]["namespace"] = json!("test");
    broken["metadata"]["creationTimestamp"] = json!(created);
    server.put(broken);
    insta::assert_snapshot!(run(&server, &["status", "-A"]), @"
    exit code 3
    --- stdout
    NAMESPACE   NAME   STATE    LEADER   WORKERS   URL                        AGE    MESSAGE
    prod        shop   Ready    1/1      2/2       https://shop.example.com   3d4h
    test        crm    Failed   1/1      2/2       https://shop.example.com   3d4h   the package was not found
    --- stderr
    ");
}

#[test]
fn an_app_that_is_not_understood_hides_no_other() {
    let server = Server::start();
    server.put(app("shop", "Ready", &ready()));
    let mut odd = app("odd", "Ready", &ready());
    odd["spec"]["replicas"] = json!("three");
    server.put(odd);
    let text = run(&server, &["status"]);
    assert!(
        text.starts_with("exit code 3") && text.contains("\nshop "),
        "{text}"
    );
    assert!(
        text.contains("warning: failed to understand MendixApp odd"),
        "{text}"
    );
}

#[test]
fn nothing_is_said_on_stderr() {
    let server = Server::start();
    insta::assert_snapshot!(run(&server, &["status"]), @"
    exit code 0
    --- stdout
    --- stderr
    no apps found
    ");
}

#[test]
fn a_missing_app_is_named_with_its_namespace() {
    insta::assert_snapshot!(run(&Server::start(), &["status", "shop"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no MendixApp shop in namespace prod, and no environment of that name
    hint: kubectl mendix status -A lists those of all namespaces
    ");
}

#[test]
fn missing_definitions_are_told_from_a_missing_app() {
    let server = Server::start();
    let page = json!("404 page not found\n");
    server.refuse("GET", &format!("{APPS}/shop"), 404, page.clone());
    server.refuse("GET", APPS, 404, page);
    insta::assert_snapshot!(run(&server, &["status", "shop"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: the CRDs of kubectl-mendix are not installed in this cluster
    hint: helm install mendix charts/mendix --namespace mendix-system --create-namespace
    ");
    assert_eq!(run(&server, &["status"]), run(&server, &["status", "shop"]));
}

#[test]
fn a_missing_right_is_named() {
    let server = Server::start();
    let message = r#"mendixapps.privatecloud.mendix.com is forbidden: User "eve" cannot list resource"#;
    server.refuse("GET", APPS, 403, status(403, "Forbidden", message, ""));
    insta::assert_snapshot!(run(&server, &["status"]), @r#"
    exit code 1
    --- stdout
    --- stderr
    error: failed to list mendixapps.privatecloud.mendix.com in namespace prod: mendixapps.privatecloud.mendix.com is forbidden: User "eve" cannot list resource
    hint: ask for the right that this shows: kubectl auth can-i list mendixapps.privatecloud.mendix.com -n prod
    "#);
}

#[test]
fn a_part_that_may_not_be_read_is_a_warning() {
    let server = Server::start();
    shop(&server);
    let pods = "/api/v1/namespaces/prod/pods";
    server.refuse(
        "GET",
        pods,
        403,
        status(403, "Forbidden", "pods is forbidden", ""),
    );
    let text = run(&server, &["status", "shop"]);
    assert!(text.starts_with("exit code 0"), "{text}");
    assert!(
        text.contains("warning: failed to list pods in namespace prod: pods is forbidden"),
        "{text}"
    );
}

#[test]
fn watching_ends_by_itself_and_tells_changes_only() {
    let server = Server::start();
    shop(&server);
    server.put(app(
        "shop",
        "Starting",
        &json!([condition("Reconciling", "True", "the leader starts")]),
    ));
    server.at_each_look(|objects, looks| {
        if looks == 3 {
            objects.insert(format!("{APPS}/shop"), app("shop", "Ready", &ready()));
        }
    });
    insta::assert_snapshot!(run(&server, &["status", "shop", "--watch"]), @"
    exit code 0
    --- stdout
    app shop: Starting, the leader starts
    database shop-database: Ready
    files shop-file: Ready
    build shop-build: Ready
    endpoint shop: Ready
    runtime shop: Started
    pod shop-master-a: Ready
    pod shop-worker-b: Ready
    app shop: Ready
    --- stderr
    ");
}

#[test]
fn watching_ends_with_exit_code_3_when_stalled_or_late() {
    let server = Server::start();
    server.put(app("shop", "Failed", &stalled("the package was not found")));
    insta::assert_snapshot!(run(&server, &["status", "--watch"]), @"
    exit code 3
    --- stdout
    all apps: Stalled
    app shop: Failed, the package was not found
    --- stderr
    ");
    server.put(app(
        "shop",
        "Starting",
        &json!([condition("Reconciling", "True", "the leader starts")]),
    ));
    let text = run(
        &server,
        &["status", "shop", "--watch", "--timeout", "1s", "-o", "name"],
    );
    insta::assert_snapshot!(text, @"
    exit code 3
    --- stdout
    mendixapp.privatecloud.mendix.com/shop
    --- stderr
    the time is over, and not everything is ready
    ");
}

#[test]
fn colours_are_there_when_asked_for_and_not_otherwise() {
    let server = Server::start();
    server.put(app("shop", "Ready", &ready()));
    assert!(run(&server, &["status", "--color", "always"]).contains("\u{1b}["));
    assert!(!run(&server, &["status"]).contains("\u{1b}["));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let server = Server::start();
    server.put(app("shop", "Ready", &ready()));
    let (reader, writer) = std::io::pipe().expect("pipe");
    drop(reader);
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("kubectl-mendix"));
    let code = command
        .args(["status"])
        .env("KUBECONFIG", server.kubeconfig())
        .stdout(writer)
        .status();
    assert_eq!(code.expect("run").code(), Some(0));
}
