//! The whole life of an app against an API server in a map: created, changed, deleted, and the controller killed
//! after every single write on the way. Whatever a crash leaves, the next run ends in the same state.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod checker;
mod checker_tests;
mod cluster;
mod deployments;
mod kubelet;
mod moment;
mod people;
mod play;
mod rounds;
mod secret_store;
mod sentence;
mod server;
mod story;
mod tell;
mod world;

use checker::broken;
use mendix_controller::testing::Error;
use moment::look;
use rounds::{context, round};
use serde_json::{Value, json};
use server::Server;
use std::collections::BTreeSet;

const GROUP: &str = "/apis/privatecloud.mendix.com/v1alpha1/namespaces/prod";

fn app_path() -> String {
    format!("{GROUP}/mendixapps/shop")
}

/// A namespace with a configuration, plans, and an app of three.
fn prepared() -> Server {
    let server = Server::default();
    let put = |path: String, object: Value| drop(server.state().put(&path, object));
    put(
        format!("{GROUP}/operatorconfigurations/mendix-operator-configuration"),
        json!({
            "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "OperatorConfiguration",
            "metadata": {"name": "mendix-operator-configuration"},
            "spec": {"registry": {"pushURL": "registry"}, "buildRuntimeBaseImage": "base:1"},
        }),
    );
    for plan in ["postgres", "files"] {
        put(
            format!("{GROUP}/storageplans/{plan}"),
            json!({
                "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "StoragePlan",
                "metadata": {"name": plan}, "spec": {"provisioner": {"args": ["{{.Action}}"]}},
            }),
        );
    }
    put(
        app_path(),
        json!({
            "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "MendixApp", "metadata": {"name": "shop"},
            "spec": {
                "sourceURL": "http://packages/one", "replicas": 3,
                "database": {"servicePlan": "postgres"}, "storage": {"servicePlan": "files"},
            },
        }),
    );
    put(
        "/api/v1/namespaces/kube-system".to_owned(),
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "kube-system", "uid": "this-cluster" } }),
    );
    server
}

/// Rounds until nothing changes any more. The rules are asked after each step of the cluster.
async fn settle(server: &Server) -> Result<(), Error> {
    let context = context(server);
    let (mut trace, mut leaving) = (Vec::new(), BTreeSet::new());
    for _ in 0..100 {
        let before = server.state().objects.clone();
        let done = round(server, &context).await;
        trace.push(look(server, 0, &mut leaving));
        cluster::step(server);
        trace.push(look(server, 0, &mut leaving));
        assert_eq!(broken(&trace), Vec::<String>::new());
        done?;
        if server.state().objects == before {
            return Ok(());
        }
    }
    panic!(
        "no end after 100 rounds: {:#?}",
        server.state().objects.get(&app_path())
    );
}

/// Everything that must be the same in the end; uids, versions, times and random passwords may differ.
fn outcome(server: &Server) -> Value {
    let state = server.state();
    let objects = state.objects.iter().map(|(path, object)| {
        let mut object = object.clone();
        let metadata = object["metadata"].as_object_mut().expect("metadata");
        for field in [
            "uid",
            "resourceVersion",
            "generation",
            "ownerReferences",
            "creationTimestamp",
        ] {
            metadata.remove(field);
        }
        if path.contains("/pods/") {
            // Named by uid here.
            return (
                format!("pod {}", cluster::label(&object, "kubectl-mendix.io/role")),
                Value::Null,
            );
        }
        if path.ends_with("-m2ee") {
            object["data"] = Value::Null;
        }
        (path.clone(), stripped(object))
    });
    Value::Object(objects.collect())
}

/// What differs from one run to the next: times, and observed generations, for a crash may cost a further edit.
const PASSING: [&str; 9] = [
    "lastTransitionTime",
    "startedAt",
    "endedAt",
    "downSince",
    "downtimeMilliseconds",
    "observedGeneration",
    "name",
    "message",
    "uid",
];

fn stripped(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let kept = fields.filter(|(key, _)| !PASSING.contains(&key.as_str()));
            kept.map(|(key, value)| (key, stripped(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(stripped).collect(),
        other => other,
    }
}

fn status(server: &Server) -> Value {
    server.state().objects[&app_path()]["status"].clone()
}

fn edit(server: &Server, change: impl Fn(&mut Value)) {
    let mut app = server.state().objects[&app_path()].clone();
    change(&mut app);
    server.state().put(&app_path(), app);
}

/// Goes on from `start` once without a crash, and once for every write with a crash after it and a restart. How it ends.
async fn replay(start: &Server) -> Value {
    let clean = start.copy();
    clean.state().writes = 0;
    settle(&clean).await.expect("clean run");
    let (expected, writes) = (outcome(&clean), clean.state().writes);
    assert!(writes > 0);
    for crash_after in 0..writes {
        let server = start.copy();
        server.state().writes_left = Some(crash_after);
        assert!(
            settle(&server).await.is_err(),
            "no crash after write {crash_after}"
        );
        server.state().writes_left = None;
        settle(&server).await.expect("second run");
        same(&outcome(&server), &expected, crash_after);
    }
    expected
}

fn same(found: &Value, expected: &Value, crash_after: usize) {
    for (path, object) in expected.as_object().expect("objects") {
        assert_eq!(
            &found[path], object,
            "{path} after a crash after write {crash_after}"
        );
    }
    assert_eq!(found, expected, "crash after write {crash_after}");
}

async fn made() -> Server {
    let server = prepared();
    settle(&server).await.expect("created");
    server
}

#[tokio::test]
async fn an_app_is_made_whatever_write_the_controller_dies_after() {
    replay(&prepared()).await;
}

#[tokio::test]
async fn a_new_model_is_rolled_out_whatever_write_the_controller_dies_after() {
    let server = made().await;
    edit(&server, |app| {
        app["spec"]["sourceURL"] = json!("http://packages/two");
    });
    let expected = replay(&server).await;
    let status = &expected[&app_path()]["status"];
    assert_eq!(
        (&status["state"], &status["model"]),
        (&json!("Ready"), &json!("two"))
    );
}

#[tokio::test]
async fn an_app_is_deleted_whatever_write_the_controller_dies_after() {
    let server = made().await;
    server.state().begin_deletion(&app_path());
    replay(&server).await;
}

#[tokio::test]
async fn a_deleted_app_leaves_nothing() {
    let server = prepared();
    let before: Vec<_> = server.state().objects.keys().cloned().collect();
    settle(&server).await.expect("created");
    server.state().begin_deletion(&app_path());
    settle(&server).await.expect("deleted");
    let after: Vec<_> = server.state().objects.keys().cloned().collect();
    let left: Vec<_> = after.iter().filter(|path| !before.contains(path)).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_made_app_says_so() {
    let server = made().await;
    let status = status(&server);
    insta::assert_yaml_snapshot!(json!({
        "state": status["state"], "leader": status["leader"], "workers": status["workers"],
        "replicas": status["replicas"], "url": status["appURL"], "model": status["model"],
        "conditions": status["conditions"].as_array().expect("conditions").iter()
            .map(|it| json!([it["type"], it["status"]])).collect::<Vec<_>>(),
    }), @r#"
    conditions:
      - - Ready
        - "True"
      - - DatabaseLease
        - "True"
    leader: 1/1
    model: one
    replicas: 3
    state: Ready
    url: "http://shop.prod.svc.cluster.local:8080"
    workers: 2/2
    "#);
}

#[tokio::test]
async fn a_steady_state_is_free_of_writes() {
    let server = made().await;
    let context = context(&server);
    // A controller that has just started does not know what the server made of its objects, so it writes once.
    round(&server, &context).await.expect("first round");
    let objects = server.state().objects.clone();
    let writes = server.state().writes;
    round(&server, &context).await.expect("second round");
    assert_eq!(server.state().writes, writes);
    assert_eq!(server.state().objects, objects);
}

#[tokio::test]
async fn a_hand_edit_of_our_field_is_undone_and_one_of_another_field_stays() {
    let server = made().await;
    let path = "/apis/apps/v1/namespaces/prod/deployments/shop-worker";
    let mut worker = server.state().objects[path].clone();
    worker["spec"]["replicas"] = json!(7);
    worker["metadata"]["annotations"]["team"] = json!("blue");
    server.state().put(path, worker);
    settle(&server).await.expect("corrected");
    let worker = server.state().objects[path].clone();
    assert_eq!(worker["spec"]["replicas"], 2);
    assert_eq!(worker["metadata"]["annotations"]["team"], "blue");
}

#[tokio::test]
async fn an_object_of_wrong_form_says_so_and_stops_nobody() {
    let server = prepared();
    let wrong = format!("{GROUP}/mendixapps/wrong");
    let mut app = server.state().objects[&app_path()].clone();
    app["metadata"] = json!({"name": "wrong"});
    app["spec"]["replicas"] = json!("three");
    server.state().put(&wrong, app);
    settle(&server).await.expect("the other app is made");
    assert_eq!(status(&server)["state"], "Ready");
    let condition = server.state().objects[&wrong]["status"]["conditions"][1].clone();
    assert_eq!(condition["type"], "Stalled");
    assert!(
        condition["message"].as_str().expect("message").contains("three"),
        "{condition}"
    );
}

#[tokio::test]
async fn the_object_of_somebody_else_is_left_alone_and_named() {
    let server = prepared();
    let path = "/apis/apps/v1/namespaces/prod/deployments/shop-master";
    let theirs = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 0, "selector": {}, "template": {}},
        "metadata": {"name": "shop-master", "ownerReferences":
            [{"apiVersion": "v", "kind": "Rollout", "name": "theirs", "uid": "1", "controller": true}]},
    });
    server.state().put(
        "/apis/v/namespaces/prod/rollouts/theirs",
        json!({"metadata": {"name": "theirs", "uid": "1"}}),
    );
    server.state().put(path, theirs);
    assert!(matches!(settle(&server).await, Err(Error::Foreign { .. })));
    assert_eq!(server.state().objects[path]["spec"]["template"], json!({}));
    let runtime = server.state().objects[&format!("{GROUP}/runtimes/shop")].clone();
    let message = runtime["status"]["conditions"][0]["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        message.starts_with("Deployment shop-master belongs to Rollout theirs"),
        "{message}"
    );
}

#[tokio::test]
async fn an_app_without_replicas_is_stopped() {
    let server = made().await;
    edit(&server, |app| app["spec"]["replicas"] = json!(0));
    settle(&server).await.expect("stopped");
    let status = status(&server);
    assert_eq!(
        (&status["state"], &status["appState"], &status["replicas"]),
        (&json!("Stopped"), &json!("Stopped"), &json!(0))
    );
}
