//! The Deployment controller, with both strategies: old pods away, new pods made, and what it says of them.

use crate::cluster::{DEPLOYMENTS, PODS, all, name};
use crate::kubelet::{is_leaving, uid};
use crate::server::Server;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// What all Deployments do now.
pub(crate) fn step(server: &Server) {
    for deployment in all(server, DEPLOYMENTS) {
        if deployment["spec"]["template"]["spec"].is_object() {
            run(server, &deployment);
            tell(server, deployment);
        }
    }
}

/// Its pods, of whatever template.
pub(crate) fn pods(server: &Server, deployment: &Value) -> Vec<Value> {
    let owner = &deployment["metadata"]["uid"];
    let mut own = all(server, PODS);
    own.retain(|pod| pod["metadata"]["ownerReferences"][0]["uid"] == *owner);
    own
}

fn replicas(deployment: &Value) -> usize {
    let wanted = deployment["spec"]["replicas"].as_u64().expect("replicas");
    usize::try_from(wanted).expect("number")
}

fn is_new(pod: &Value, deployment: &Value) -> bool {
    pod["template"] == deployment["spec"]["template"]
}

fn is_ready(pod: &Value) -> bool {
    pod["status"]["conditions"][0]["status"] == "True"
}

fn run(server: &Server, deployment: &Value) {
    let own = pods(server, deployment);
    let (new, old): (Vec<_>, Vec<_>) = own.into_iter().partition(|pod| is_new(pod, deployment));
    let mut new: Vec<Value> = new.into_iter().filter(|pod| !is_leaving(pod)).collect();
    let wanted = replicas(deployment);
    // Those go first that do the least.
    new.sort_by_key(|pod| !is_ready(pod));
    for pod in new.iter().skip(wanted) {
        end(server, pod);
    }
    let rolls = deployment["spec"]["strategy"]["type"] == "RollingUpdate";
    let room = if rolls {
        roll(server, deployment, &new, &old)
    } else {
        old.iter()
            .filter(|pod| !is_leaving(pod))
            .for_each(|pod| end(server, pod));
        if old.is_empty() { wanted } else { 0 }
    };
    for _ in new.len()..room.min(wanted) {
        make(server, deployment);
    }
}

/// Ends as many old pods as may be away; how many new ones there may be.
fn roll(server: &Server, deployment: &Value, new: &[Value], old: &[Value]) -> usize {
    let update = &deployment["spec"]["strategy"]["rollingUpdate"];
    let number = |field: &str| share(&update[field], replicas(deployment));
    let wanted = replicas(deployment);
    let present: Vec<&Value> = old.iter().filter(|pod| !is_leaving(pod)).collect();
    let serving = new
        .iter()
        .chain(present.iter().copied())
        .filter(|pod| is_ready(pod))
        .count();
    let mut spare = (serving + number("maxUnavailable")).saturating_sub(wanted);
    let mut left = present.len();
    for pod in present {
        if !is_ready(pod) || spare > 0 {
            spare = spare.saturating_sub(usize::from(is_ready(pod)));
            left -= 1;
            end(server, pod);
        }
    }
    (wanted + number("maxSurge")).saturating_sub(left)
}

/// A number, or a share of the pods that are wanted.
fn share(value: &Value, wanted: usize) -> usize {
    let percent = value
        .as_str()
        .and_then(|text| text.strip_suffix('%')?.parse::<usize>().ok());
    let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
    percent
        .map(|percent| wanted * percent / 100)
        .or(number)
        .expect("a number or a share")
}

fn end(server: &Server, pod: &Value) {
    server.state().begin_deletion(&format!("{PODS}/{}", name(pod)));
}

fn make(server: &Server, deployment: &Value) {
    let owner = name(deployment);
    let mut state = server.state();
    let made = state.world.made.entry(owner.clone()).or_default();
    *made += 1;
    let name = format!("{owner}-{made}");
    let template = &deployment["spec"]["template"];
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "labels": template["metadata"]["labels"], "annotations": template["metadata"]["annotations"],
            "ownerReferences": [{"uid": deployment["metadata"]["uid"], "kind": "Deployment", "apiVersion": "apps/v1",
                "name": owner, "controller": true}],
        },
        "spec": template["spec"], "template": template,
    });
    state.put(&format!("{PODS}/{name}"), pod);
}

fn tell(server: &Server, mut deployment: Value) {
    let own: Vec<Value> = pods(server, &deployment)
        .into_iter()
        .filter(|pod| !is_leaving(pod))
        .collect();
    let new = own.iter().filter(|pod| is_new(pod, &deployment));
    let updated = new.clone().count();
    let ready = own.iter().filter(|pod| is_ready(pod)).count();
    let is_complete =
        new.filter(|pod| is_ready(pod)).count() == replicas(&deployment) && updated == own.len();
    let is_late = !is_complete && is_late(server, &deployment, &format!("{} {updated} {ready}", own.len()));
    deployment["status"] = json!({
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": own.len(), "updatedReplicas": updated, "readyReplicas": ready,
        "conditions": [{
            "type": "Progressing", "status": if is_late { "False" } else { "True" },
            "reason": if is_late { "ProgressDeadlineExceeded" } else { "ReplicaSetUpdated" },
        }],
    });
    let path = format!("{DEPLOYMENTS}/{}", name(&deployment));
    server.state().put(&path, deployment);
}

/// Whether it has been as far as this for longer than its deadline.
fn is_late(server: &Server, deployment: &Value, how_far: &str) -> bool {
    let deadline = deployment["spec"]["progressDeadlineSeconds"]
        .as_i64()
        .unwrap_or(600);
    let mut state = server.state();
    let world = &mut state.world;
    let how_far = format!("{} {how_far}", deployment["metadata"]["generation"]);
    let known = world
        .progress
        .entry(uid(deployment))
        .or_insert_with(|| (how_far.clone(), world.now));
    if known.0 != how_far {
        *known = (how_far, world.now);
    }
    let until = known.1 + SignedDuration::from_secs(deadline);
    world.alarms.insert(until);
    world.now >= until
}
