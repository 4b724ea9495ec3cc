//! What a cluster does by itself: task pods end, Deployments make pods, nodes run them, owners take what they own with
//! them.

use crate::server::Server;
use crate::{deployments, kubelet};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) const PODS: &str = "/api/v1/namespaces/prod/pods";
pub(crate) const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/prod/deployments";
const SECRETS: &str = "/api/v1/namespaces/prod/secrets";

/// One step; things take several.
pub(crate) fn step(server: &Server) {
    collect_garbage(server);
    for pod in all(server, PODS) {
        match label(&pod, "kubectl-mendix.io/component") {
            "provisioner" => end_provisioner(server, pod),
            "builder" if is_over(server, &pod) => end_build(server, pod),
            _ => {}
        }
    }
    kubelet::step(server);
    deployments::step(server);
}

/// Whether a build has taken its time.
fn is_over(server: &Server, pod: &Value) -> bool {
    let began = &pod["metadata"]["creationTimestamp"];
    let began: Timestamp = began.as_str().expect("a time").parse().expect("a time");
    let world = &mut server.state().world;
    let until = began + world.times.build;
    world.alarms.insert(until);
    world.now >= until
}

pub(crate) fn all(server: &Server, path: &str) -> Vec<Value> {
    server.state().below(path).cloned().collect()
}

pub(crate) fn label<'a>(object: &'a Value, name: &str) -> &'a str {
    object["metadata"]["labels"][name].as_str().unwrap_or_default()
}

pub(crate) fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

fn end_provisioner(server: &Server, pod: Value) {
    let env = pod["spec"]["containers"][0]["env"]
        .as_array()
        .expect("env")
        .clone();
    let value = |name: &str| {
        env.iter()
            .find(|it| it["name"] == name)
            .map(|it| it["value"].clone())
            .expect("variable")
    };
    if value("MENDIX_ACTION") == "provision" {
        let secret = value("MENDIX_SECRET_NAME");
        let path = format!("{SECRETS}/{}", secret.as_str().expect("name"));
        let there = server.state().objects.contains_key(&path);
        if !there {
            server.state().put(&path, json!({
                "apiVersion": "v1", "kind": "Secret",
                "metadata": {"name": secret, "labels": {"kubectl-mendix.io/storage-instance": value("MENDIX_STORAGE_INSTANCE")}},
                // PostgreSQL, db:5432, shop.
                "data": {
                    "database-type": "UG9zdGdyZVNRTA==", "database-host": "ZGI6NTQzMg==", "database-name": "c2hvcA==",
                },
            }));
        }
    }
    end(server, pod, "");
}

fn end_build(server: &Server, pod: Value) {
    let env = pod["spec"]["containers"][0]["env"]
        .as_array()
        .expect("env")
        .clone();
    let source = env
        .iter()
        .find(|it| it["name"] == "MENDIX_SOURCE_URL")
        .expect("source")["value"]
        .clone();
    let model = source
        .as_str()
        .expect("url")
        .rsplit('/')
        .next()
        .expect("name")
        .to_owned();
    let result =
        json!({"image": format!("registry/shop@sha256:{model}"), "model": model, "command": ["/start"]});
    end(server, pod, &result.to_string());
}

fn end(server: &Server, mut pod: Value, message: &str) {
    pod["status"] = json!({"phase": "Succeeded", "containerStatuses": [{
        "name": "task", "image": "", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"terminated": {"exitCode": 0, "message": message}},
    }]});
    let path = format!("{PODS}/{}", name(&pod));
    server.state().put(&path, pod);
}

/// Deletes what belongs to an owner that is gone.
fn collect_garbage(server: &Server) {
    let mut state = server.state();
    let uids: BTreeSet<String> = state
        .objects
        .values()
        .filter_map(|object| object["metadata"]["uid"].as_str().map(ToOwned::to_owned))
        .collect();
    let orphans: Vec<String> = state
        .objects
        .iter()
        .filter(|(_, object)| object["metadata"]["deletionTimestamp"].is_null())
        .filter(|(_, object)| {
            object["metadata"]["ownerReferences"][0]["uid"]
                .as_str()
                .is_some_and(|owner| !uids.contains(owner))
        })
        .map(|(path, _)| path.clone())
        .collect();
    for path in orphans {
        state.begin_deletion(&path);
    }
}
