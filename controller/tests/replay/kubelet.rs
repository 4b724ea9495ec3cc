//! Scheduler and kubelets: pods without gates are bound, pulled, started and ended, and the API server is told.

use crate::cluster::{PODS, all, label, name};
use crate::server::Server;
use crate::world::{Phase, Process, World};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// What all nodes do now.
pub(crate) fn step(server: &Server) {
    for pod in all(server, PODS).into_iter().filter(is_ours) {
        bind(server, pod);
    }
    for pod in all(server, PODS).into_iter().filter(is_ours) {
        begin(server, &pod);
    }
    ask_to_end(server);
    forget(server);
    while proceed(server) {}
    for pod in all(server, PODS).into_iter().filter(is_ours) {
        report(server, pod);
    }
}

/// Tasks end by themselves: see `cluster`.
fn is_ours(pod: &Value) -> bool {
    ["runtime", "puller"].contains(&label(pod, "kubectl-mendix.io/component"))
}

pub(crate) fn is_leaving(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

pub(crate) fn is_gated(pod: &Value) -> bool {
    let gates = pod["spec"]["schedulingGates"].as_array();
    gates.is_some_and(|gates| !gates.is_empty())
}

pub(crate) fn uid(object: &Value) -> String {
    object["metadata"]["uid"].as_str().unwrap_or_default().to_owned()
}

fn put(server: &Server, pod: Value) {
    let path = format!("{PODS}/{}", name(&pod));
    server.state().put(&path, pod);
}

/// The node that a pod asks for, else the one with the fewest pods.
fn bind(server: &Server, mut pod: Value) {
    if is_gated(&pod) || is_leaving(&pod) || pod["spec"]["nodeName"].is_string() {
        return;
    }
    let terms = &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let asked = terms["nodeSelectorTerms"][0]["matchFields"][0]["values"][0].as_str();
    let node = match asked {
        Some(node) => Some(node.to_owned()),
        None => emptiest(server),
    };
    if let Some(node) = node {
        pod["spec"]["nodeName"] = json!(node);
        put(server, pod);
    }
}

fn emptiest(server: &Server) -> Option<String> {
    let pods = all(server, PODS);
    let world = server.state().world.clone();
    let taken = |node: &String| {
        pods.iter()
            .filter(|pod| pod["spec"]["nodeName"] == json!(node))
            .count()
    };
    let nodes = world.nodes.keys().filter(|node| world.is_heard(node));
    nodes.min_by_key(|node| taken(node)).cloned()
}

/// A bound pod that its kubelet has not seen yet.
fn begin(server: &Server, pod: &Value) {
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default().to_owned();
    let mut state = server.state();
    if !state.world.is_heard(&node) || state.world.processes.contains_key(&uid(pod)) || is_leaving(pod) {
        return;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let annotations = &pod["metadata"]["annotations"];
    let process = Process {
        pod: name(pod),
        node,
        image: text(&pod["spec"]["containers"][0]["image"]),
        environment: label(pod, "kubectl-mendix.io/environment").to_owned(),
        database: text(&annotations["kubectl-mendix.io/database"]),
        role: label(pod, "kubectl-mendix.io/role").to_owned(),
        model: label(pod, "kubectl-mendix.io/model").to_owned(),
        mode: text(&annotations["kubectl-mendix.io/leader-selection"]),
        phase: Phase::Pulling,
        since: state.world.now,
        restarts: 0,
        said: None,
    };
    state.world.processes.insert(uid(pod), process);
}

/// Processes whose pods are to end, or are gone.
fn ask_to_end(server: &Server) {
    let alive: Vec<String> = all(server, PODS)
        .iter()
        .filter(|pod| !is_leaving(pod))
        .map(uid)
        .collect();
    let mut state = server.state();
    let world = &mut state.world;
    let now = world.now;
    let heard: Vec<String> = world
        .nodes
        .keys()
        .filter(|node| world.is_heard(node))
        .cloned()
        .collect();
    let asked = world
        .processes
        .iter_mut()
        .filter(|(uid, it)| !alive.contains(uid) && heard.contains(&it.node));
    for (_, process) in asked {
        let next = match process.phase {
            Phase::Stopping | Phase::Ended => continue,
            Phase::Starting | Phase::Synchronising | Phase::Ready => Phase::Stopping,
            Phase::Pulling | Phase::NoImage(_) | Phase::Crashed => Phase::Ended,
        };
        (process.phase, process.since) = (next, now);
    }
}

/// What has ended, of pods that are gone.
fn forget(server: &Server) {
    let there: Vec<String> = all(server, PODS).iter().map(uid).collect();
    let processes = &mut server.state().world.processes;
    processes.retain(|uid, it| it.phase != Phase::Ended || there.contains(uid));
}

/// One phase that has come to its end. False: none has.
fn proceed(server: &Server) -> bool {
    let mut state = server.state();
    let world = &mut state.world;
    let due = |it: &Process| world.end_of_phase(it).is_some_and(|at| at <= world.now);
    let Some((uid, before)) = world.processes.iter().find(|(_, it)| due(it)) else {
        return false;
    };
    let (uid, mut process) = (uid.clone(), before.clone());
    process.since = world.now;
    process.phase = next(world, &mut process);
    world.processes.insert(uid, process);
    true
}

/// What follows the present phase.
fn next(world: &mut World, process: &mut Process) -> Phase {
    let behaviour = world.behaviour(&process.model);
    let leads = process.role == "leader";
    match process.phase {
        Phase::Pulling => pulled(world, process),
        Phase::Crashed => Phase::Starting,
        Phase::Starting => match behaviour.ends.filter(|_| leads) {
            Some(words) => crashed(process, words),
            None if leads && needs_work(world, &process.model) => {
                if world.schema.last() != Some(&process.model) {
                    world.schema.push(process.model.clone());
                }
                world.synchronised = false;
                Phase::Synchronising
            }
            None => Phase::Ready,
        },
        Phase::Synchronising => {
            if let Some(words) = behaviour.work_fails {
                return crashed(process, words);
            }
            world.synchronised = true;
            Phase::Ready
        }
        Phase::Stopping => Phase::Ended,
        Phase::NoImage(_) | Phase::Ready | Phase::Ended => process.phase.clone(),
    }
}

fn needs_work(world: &World, model: &str) -> bool {
    world.schema.last().map(String::as_str) != Some(model) || !world.synchronised
}

fn pulled(world: &mut World, process: &Process) -> Phase {
    let model = process.image.rsplit(':').next().unwrap_or_default();
    let Some(node) = world.nodes.get_mut(&process.node) else {
        return Phase::Ended;
    };
    if let Some(why) = node.refuses.get(model) {
        return Phase::NoImage(why.clone());
    }
    node.images.insert(process.image.clone());
    if process.pulls_only() {
        Phase::Ended
    } else {
        Phase::Starting
    }
}

fn crashed(process: &mut Process, words: String) -> Phase {
    process.restarts += 1;
    process.said = Some(words);
    Phase::Crashed
}

/// A kubelet writes what it sees; of a node that is lost the cluster makes up its mind by itself.
fn report(server: &Server, mut pod: Value) {
    let world = server.state().world.clone();
    let Some(process) = world.processes.get(&uid(&pod)) else {
        return;
    };
    if world.is_heard(&process.node) {
        pod["status"] = status(process, &pod);
        return put(server, pod);
    }
    let (is_away, is_given_up) = world.given_up(&process.node);
    if is_away && pod["status"]["conditions"][0]["status"] == "True" {
        pod["status"]["conditions"] =
            json!([{ "type": "Ready", "status": "False", "reason": "NodeNotReady" }]);
        put(server, pod.clone());
    }
    if is_given_up && !is_leaving(&pod) {
        let mut state = server.state();
        state.world.excused.insert(uid(&pod));
        state.begin_deletion(&format!("{PODS}/{}", name(&pod)));
    }
}

fn status(process: &Process, pod: &Value) -> Value {
    let ended = |code: i32, words: &str| json!({ "terminated": { "exitCode": code, "message": words, "containerID": "containerd://1" } });
    let waits = |reason: &str, words: &str| json!({ "waiting": { "reason": reason, "message": words } });
    let said = process.said.as_deref().unwrap_or_default();
    let (phase, state) = match &process.phase {
        Phase::Pulling => ("Pending", waits("ContainerCreating", "")),
        Phase::NoImage(why) => ("Pending", waits("ErrImagePull", why)),
        Phase::Starting | Phase::Synchronising | Phase::Ready | Phase::Stopping => {
            ("Running", json!({ "running": {} }))
        }
        Phase::Crashed => ("Running", waits("CrashLoopBackOff", "back-off")),
        Phase::Ended => ("Failed", ended(0, "")),
    };
    let is_ready = process.phase == Phase::Ready;
    let has_image = !matches!(process.phase, Phase::Pulling | Phase::NoImage(_));
    let mut container = json!({
        "name": pod["spec"]["containers"][0]["name"], "image": "", "ready": is_ready, "state": state,
        "imageID": if has_image { process.image.as_str() } else { "" }, "restartCount": process.restarts,
    });
    if has_image && !process.pulls_only() {
        container["containerID"] = json!("containerd://1");
    }
    if process.restarts > 0 {
        container["lastState"] = ended(1, said);
    }
    let ready = if is_ready { "True" } else { "False" };
    json!({
        "phase": phase, "containerStatuses": [container], "conditions": [{ "type": "Ready", "status": ready }],
        "observedGeneration": pod["metadata"]["generation"],
    })
}

/// Kubelets try again to pull what could not be pulled.
pub(crate) fn pull_again(server: &Server, node: &str) {
    let mut state = server.state();
    let soon = state.world.now + SignedDuration::from_secs(1);
    state.world.alarms.insert(soon);
    let now = state.world.now;
    let on_node = state.world.processes.values_mut().filter(|it| it.node == node);
    for process in on_node.filter(|it| matches!(it.phase, Phase::NoImage(_))) {
        (process.phase, process.since) = (Phase::Pulling, now);
    }
}
