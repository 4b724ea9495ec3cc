//! What a cluster does by itself: task pods end, Deployments make pods, owners take what they own with them.

use crate::server::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PODS: &str = "/api/v1/namespaces/prod/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/prod/deployments";
const SECRETS: &str = "/api/v1/namespaces/prod/secrets";

/// One step; things take several.
pub(crate) fn step(server: &Server) {
    collect_garbage(server);
    for pod in all(server, PODS) {
        match label(&pod, "kubectl-mendix.io/component") {
            "provisioner" => end_provisioner(server, pod),
            "builder" => end_build(server, pod),
            _ => {}
        }
    }
    for pod in all(server, PODS) {
        live(server, pod);
    }
    for deployment in all(server, DEPLOYMENTS) {
        run(server, deployment);
    }
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

/// The Deployment controller with strategy Recreate, one change a step: old pods away, new pods made, pods ready.
fn run(server: &Server, mut deployment: Value) {
    let own: Vec<Value> = all(server, PODS)
        .into_iter()
        .filter(|pod| pod["metadata"]["ownerReferences"][0]["uid"] == deployment["metadata"]["uid"])
        .collect();
    let template = deployment["spec"]["template"].clone();
    let wanted = usize::try_from(deployment["spec"]["replicas"].as_u64().expect("replicas")).expect("number");
    let (present, old): (Vec<_>, Vec<_>) = own.into_iter().partition(|pod| pod["template"] == template);
    if !old.is_empty() || present.len() > wanted {
        let surplus = present.iter().skip(wanted);
        for pod in old.iter().chain(surplus) {
            server.state().begin_deletion(&format!("{PODS}/{}", name(pod)));
        }
        return;
    }
    if present.len() < wanted {
        let uid = deployment["metadata"]["uid"].as_str().expect("uid").to_owned();
        return make(
            server,
            &deployment,
            &template,
            &format!("{}-{uid}-{}", name(&deployment), present.len()),
        );
    }
    let ready = present.iter().filter(|pod| is_ready(pod)).count();
    deployment["status"] = json!({
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": wanted, "updatedReplicas": wanted, "readyReplicas": ready,
    });
    let path = format!("{DEPLOYMENTS}/{}", name(&deployment));
    server.state().put(&path, deployment);
}

fn is_ready(pod: &Value) -> bool {
    pod["status"]["conditions"][0]["status"] == "True"
}

/// Scheduler and kubelet: a pod without gates runs, one that is to end has ended, and the kubelet says so.
fn live(server: &Server, mut pod: Value) {
    let gated = pod["spec"]["schedulingGates"]
        .as_array()
        .is_some_and(|gates| !gates.is_empty());
    if gated || pod["template"].is_null() {
        return;
    }
    pod["spec"]["nodeName"] = json!("one");
    let leaving = !pod["metadata"]["deletionTimestamp"].is_null();
    let container = |state: Value| {
        json!([{ "name": "mendix", "image": "", "imageID": "", "ready": !leaving, "restartCount": 0,
            "containerID": "containerd://1", "state": state }])
    };
    pod["status"] = if leaving {
        let ended = json!({ "exitCode": 0, "containerID": "containerd://1" });
        json!({ "phase": "Failed", "containerStatuses": container(json!({ "terminated": ended })) })
    } else {
        json!({ "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": container(json!({ "running": {} })) })
    };
    let path = format!("{PODS}/{}", name(&pod));
    server.state().put(&path, pod);
}

fn make(server: &Server, deployment: &Value, template: &Value, name: &str) {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "labels": template["metadata"]["labels"], "annotations": template["metadata"]["annotations"],
            "ownerReferences": [{"uid": deployment["metadata"]["uid"], "kind": "Deployment", "apiVersion": "apps/v1",
                "name": deployment["metadata"]["name"], "controller": true}],
        },
        "spec": template["spec"], "template": template,
    });
    server.state().put(&format!("{PODS}/{name}"), pod);
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
