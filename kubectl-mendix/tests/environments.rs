//! `kubectl mendix status` of what the gate knows: pods that wait, and environments without an app.

mod support;

use mendix_model::gate::CONDITIONS;
use serde_json::{Value, json};
use support::{Server, condition, ready, run, status};

const ENVIRONMENTS: &str = "/apis/guard.kubectl-mendix.io/v1alpha1/namespaces/prod/environments";

/// An entry of `status.held` in the words of the condition, as the controller writes it.
fn held(pod: &str, rule: &str, what: &str) -> Value {
    let condition = CONDITIONS.iter().find(|it| it.id == rule);
    let remedy = condition.map_or("no such rule", |it| it.remedy);
    json!({"pod": pod, "rule": rule, "message": format!("{what}; {remedy}")})
}

/// An environment as the controller leaves it: `held` decides whether it is ready.
fn environment(name: &str, held: &Value) -> Value {
    let first = &held[0];
    let conditions = match first["pod"].as_str() {
        None => ready(),
        Some(pod) => {
            let (rule, message) = (first["rule"].as_str(), first["message"].as_str());
            let words = format!(
                "pod {pod} waits at the gate: {} {}",
                rule.unwrap_or_default(),
                message.unwrap_or_default()
            );
            json!([
                condition("Ready", "False", &words),
                condition("Reconciling", "True", &words)
            ])
        }
    };
    json!({
        "apiVersion": "guard.kubectl-mendix.io/v1alpha1", "kind": "Environment",
        "metadata": {"name": name, "namespace": "prod", "generation": 1, "creationTimestamp": "2020-01-01T00:00:00Z"},
        "spec": {},
        "status": {
            "observedGeneration": 1, "claim": format!("database-{name}"), "claimState": "Held",
            "model": "sha256:0123456789abcdef", "held": held, "conditions": conditions,
        },
    })
}

/// A pod that runs on node `node-7`.
fn pod(environment: &str, name: &str, role: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "prod", "labels": {
            "kubectl-mendix.io/environment": environment, "kubectl-mendix.io/role": role,
        }},
        "spec": {"nodeName": "node-7", "containers": []},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

fn gated(environment: &str, name: &str, role: &str) -> Value {
    let mut pod = pod(environment, name, role);
    pod["spec"] = json!({"containers": [], "schedulingGates": [{"name": "kubectl-mendix.io/gate"}]});
    pod["status"] = json!({"phase": "Pending"});
    pod
}

fn leader_held() -> Value {
    json!([held(
        "tills-leader-b",
        "MX011",
        "pod tills-leader-a may still run as leader"
    )])
}

/// A leader that is deleted on a node that went silent, and the one that is to follow it.
fn lost_leader() -> Server {
    let server = Server::start();
    server.put(json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-7"},
        "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]},
    }));
    server.put(environment("tills", &leader_held()));
    let mut leader = pod("tills", "tills-leader-a", "leader");
    leader["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    server.put(leader);
    server.put(gated("tills", "tills-leader-b", "leader"));
    server.put(pod("tills", "tills-worker-c", "worker"));
    server
}

fn app(name: &str) -> Value {
    json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "MendixApp",
        "metadata": {"name": name, "namespace": "prod", "generation": 1, "creationTimestamp": "2020-01-01T00:00:00Z"},
        "spec": {}, "status": {"observedGeneration": 1, "state": "Ready", "conditions": ready()},
    })
}

fn owned(mut environment: Value) -> Value {
    environment["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "Runtime", "name": "shop", "uid": "u", "controller": true,
    }]);
    environment
}

#[test]
fn an_environment_is_a_tree() {
    let server = lost_leader();
    insta::assert_snapshot!(run(&server, &["status", "tills"]), @"
    exit code 3
    --- stdout
    NAME                       STATE         DETAILS
    environment tills          Held          pod tills-leader-b waits at the gate: MX011
    └─ claim database-tills    Held          model 0123456789ab
       ├─ pod tills-leader-a   Terminating   leader
       ├─ pod tills-leader-b   Gated         leader, MX011 pod tills-leader-a may still run as leader; it opens by itself when the other leader has ended; if its node is lost for good: kubectl mendix fence NODE
       │                                     remedy: kubectl mendix fence node-7
       └─ pod tills-worker-c   Ready         worker
    --- stderr
    ");
    let wide = run(&server, &["status", "tills", "-o", "wide"]);
    for fact in ["model sha256:0123456789abcdef", "worker, node node-7"] {
        assert!(wide.contains(fact), "{fact}: {wide}");
    }
    insta::assert_snapshot!(run(&server, &["status", "tills", "-o", "name"]), @"
    exit code 3
    --- stdout
    environment.guard.kubectl-mendix.io/tills
    --- stderr
    ");
}

#[test]
fn the_documentation_shows_what_is_printed() {
    let text = run(&lost_leader(), &["status", "tills"]);
    let shown = text.split("--- ").nth(1).unwrap_or_default();
    let shown = shown.trim_start_matches("stdout\n");
    let documentation = include_str!("../../docs/gate.md");
    assert!(
        documentation.contains(&format!("$ kubectl mendix status tills\n{shown}```")),
        "docs/gate.md is to show:\n{shown}"
    );
}

#[test]
fn the_json_form_of_an_environment_is_stable() {
    insta::assert_snapshot!(run(&lost_leader(), &["status", "tills", "-o", "json"]));
}

#[test]
fn a_pod_that_waits_has_no_command_while_the_node_works() {
    let server = lost_leader();
    server.put(json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-7"},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }));
    let text = run(&server, &["status", "tills"]);
    assert!(text.contains("MX011") && !text.contains("remedy: "), "{text}");
    server.refuse(
        "GET",
        "/api/v1/nodes/node-7",
        403,
        status(403, "Forbidden", "no", "node-7"),
    );
    assert_eq!(
        run(&server, &["status", "tills"]),
        text,
        "nodes may not be read by everybody"
    );
}

#[test]
fn pods_of_an_app_say_why_they_wait() {
    let server = Server::start();
    let mut app = app("shop");
    let reason = held(
        "shop-master-a",
        "MX001",
        "the database belongs to another environment",
    );
    let message = reason["message"].as_str().unwrap_or_default();
    let words = format!("pod shop-master-a: waits at the gate: MX001 {message}");
    app["status"]["state"] = json!("Starting");
    app["status"]["conditions"] = json!([condition("Reconciling", "True", &words)]);
    server.put(app);
    server.put(owned(environment("shop", &json!([reason]))));
    server.put(gated("shop", "shop-master-a", "leader"));
    insta::assert_snapshot!(run(&server, &["status", "shop"]), @"
    exit code 3
    --- stdout
    NAME                      STATE      DETAILS
    app shop                  Starting   pod shop-master-a: waits at the gate: MX001
    ├─ build shop-build       Absent
    ├─ endpoint shop          Absent
    ├─ claim database-shop    Held       model 0123456789ab, the database belongs to another environment
    └─ runtime shop           Absent
       └─ pod shop-master-a   Gated      leader, MX001 the database belongs to another environment; give the environment a database of its own, or take this one over with kubectl mendix adopt
                                         remedy: kubectl mendix adopt shop -n prod
    --- stderr
    ");
    let json = run(&server, &["status", "shop", "-o", "json"]);
    assert!(
        json.contains(r#""command": "kubectl mendix adopt shop -n prod""#),
        "{json}"
    );
    assert!(json.contains(&words), "the sentence is whole for scripts: {json}");
}

#[test]
fn the_claim_of_an_app_that_is_well_is_for_who_asks() {
    let server = Server::start();
    server.put(app("shop"));
    server.put(owned(environment("shop", &Value::Null)));
    assert!(!run(&server, &["status", "shop"]).contains("claim "));
    let wide = run(&server, &["status", "shop", "-o", "wide"]);
    assert!(
        wide.contains("├─ claim database-shop   Held     model sha256:0123456789abcdef\n"),
        "{wide}"
    );
    let json = run(&server, &["status", "shop", "-o", "json"]);
    assert!(json.contains("\"claim\": {\n    \"name\": \"database-shop\",\n    \"health\": \"Ready\",\n    \"state\": \"Held\""), "{json}");
}

#[test]
fn environments_stand_beside_apps() {
    let server = lost_leader();
    let created = json!(jiff::Timestamp::now() - jiff::SignedDuration::from_hours(76));
    for mut object in [
        app("shop"),
        owned(environment("shop", &Value::Null)),
        environment("tills", &leader_held()),
    ] {
        object["metadata"]["creationTimestamp"] = created.clone();
        server.put(object);
    }
    insta::assert_snapshot!(run(&server, &["status"]), @"
    exit code 3
    --- stdout
    NAME    KIND          STATE   LEADER   WORKERS   URL   AGE    MESSAGE
    shop    app           Ready   -        -         -     3d4h
    tills   environment   Held    0/1      1/1       -     3d4h   pod tills-leader-b waits at the gate: MX011 pod tills-leader-a may still run as leader; it opens by itself when the other leader has ended; if its node is lost for good: kubectl mendix fence NODE
    --- stderr
    ");
    insta::assert_snapshot!(run(&server, &["status", "-A", "-o", "name"]), @"
    exit code 3
    --- stdout
    mendixapp.privatecloud.mendix.com/shop
    environment.guard.kubectl-mendix.io/tills
    --- stderr
    ");
    server.put(app("shop"));
    server.put(environment("tills", &Value::Null));
    insta::assert_snapshot!(run(&server, &["status", "-o", "yaml"]), @r#"
    exit code 3
    --- stdout
    apps:
    - created: "2020-01-01T00:00:00Z"
      health: Ready
      name: shop
      namespace: prod
      state: Ready
    environments:
    - claim:
        health: Ready
        model: sha256:0123456789abcdef
        name: database-tills
        state: Held
      created: "2020-01-01T00:00:00Z"
      health: Progressing
      heldCount: 0
      kind: Environment
      leader: 0/1
      message: "pod tills-leader-b: Gated, held by kubectl-mendix.io/gate"
      name: tills
      namespace: prod
      state: Starting
      workers: 1/1
    problems: []
    --- stderr
    "#);
}

#[test]
fn who_may_not_list_environments_has_only_apps() {
    let server = Server::start();
    server.put(app("shop"));
    let message = r#"environments.guard.kubectl-mendix.io is forbidden: User "eve" cannot list resource"#;
    server.refuse("GET", ENVIRONMENTS, 403, status(403, "Forbidden", message, ""));
    insta::assert_snapshot!(run(&server, &["status", "-o", "name"]), @"
    exit code 0
    --- stdout
    mendixapp.privatecloud.mendix.com/shop
    --- stderr
    ");
    let text = run(&server, &["status"]);
    assert!(text.starts_with("exit code 0"), "{text}");
    assert!(
        text.contains("warning: only apps are shown: failed to list environments.guard"),
        "{text}"
    );
    server.refuse("GET", ENVIRONMENTS, 404, json!("404 page not found\n"));
    let text = run(&server, &["status"]);
    assert!(text.starts_with("exit code 0"), "{text}");
    insta::assert_snapshot!(text.rsplit("--- stderr\n").next().unwrap_or_default(), @"
    warning: only apps are shown: definition environments.guard.kubectl-mendix.io is not installed in this cluster; upgrade the chart
    ");
}

#[test]
fn a_server_that_is_away_is_not_taken_for_a_missing_right() {
    let server = Server::start();
    server.put(app("shop"));
    server.refuse("GET", ENVIRONMENTS, 500, status(500, "InternalError", "busy", ""));
    let text = run(&server, &["status"]);
    assert!(text.starts_with("exit code 1") && text.contains("busy"), "{text}");
}

#[test]
fn what_is_neither_app_nor_environment_is_named() {
    let server = Server::start();
    insta::assert_snapshot!(run(&server, &["status", "tills"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no MendixApp tills in namespace prod, and no environment of that name
    hint: kubectl mendix status -A lists those of all namespaces
    ");
    let path = format!("{ENVIRONMENTS}/tills");
    server.refuse("GET", &path, 403, status(403, "Forbidden", "no right", "tills"));
    insta::assert_snapshot!(run(&server, &["status", "tills"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no MendixApp tills in namespace prod
    hint: kubectl mendix status -A lists the apps of all namespaces
    hint: whether there is an environment of that name is not known: failed to get environments.guard.kubectl-mendix.io in namespace prod: no right
    ");
}

#[test]
fn an_environment_that_is_not_understood_hides_no_app() {
    let server = Server::start();
    server.put(app("shop"));
    let mut odd = environment("odd", &Value::Null);
    odd["spec"]["fencing"] = json!("never");
    server.put(odd);
    let text = run(&server, &["status"]);
    assert!(
        text.starts_with("exit code 3") && text.contains("\nshop "),
        "{text}"
    );
    assert!(
        text.contains("warning: failed to understand Environment odd"),
        "{text}"
    );
}

#[test]
fn watching_an_environment_ends_when_nothing_waits() {
    let server = lost_leader();
    server.at_each_look(|objects, looks| {
        if looks == 3 {
            let pods = "/api/v1/namespaces/prod/pods";
            objects.remove(&format!("{pods}/tills-leader-a"));
            objects.insert(
                format!("{pods}/tills-leader-b"),
                pod("tills", "tills-leader-b", "leader"),
            );
            objects.insert(
                format!("{ENVIRONMENTS}/tills"),
                environment("tills", &Value::Null),
            );
        }
    });
    insta::assert_snapshot!(run(&server, &["status", "tills", "--watch"]), @"
    exit code 0
    --- stdout
    environment tills: Held, pod tills-leader-b waits at the gate: MX011
    claim database-tills: Held
    pod tills-leader-a: Terminating
    pod tills-leader-b: Gated, MX011 pod tills-leader-a may still run as leader; it opens by itself when the other leader has ended; if its node is lost for good: kubectl mendix fence NODE; remedy: kubectl mendix fence node-7
    pod tills-worker-c: Ready
    environment tills: Ready
    pod tills-leader-b: Ready
    pod tills-leader-a: gone
    --- stderr
    ");
}

#[test]
fn watching_all_goes_on_while_a_pod_waits() {
    let server = lost_leader();
    let text = run(&server, &["status", "--watch", "--timeout", "1s", "-o", "json"]);
    assert!(text.starts_with("exit code 3"), "{text}");
    assert!(
        text.contains(r#""apps":[],"environments":[{"kind":"Environment""#),
        "{text}"
    );
}
