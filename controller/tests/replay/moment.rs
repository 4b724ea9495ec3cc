//! What is to be seen of a cluster at one moment: what runs there, what was done since the moment before, and what is
//! said of it. Only reads.

use crate::cluster::{DEPLOYMENTS, PODS, all, label, name};
use crate::deployments;
use crate::kubelet::{is_leaving, uid};
use crate::server::Server;
use axum::http::Method;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

const APPS: &str = "/apis/privatecloud.mendix.com/v1alpha1/namespaces/prod/mendixapps";
const RUNTIMES: &str = "/apis/privatecloud.mendix.com/v1alpha1/namespaces/prod/runtimes";
const ENVIRONMENTS: &str = "/apis/guard.kubectl-mendix.io/v1alpha1/namespaces/prod/environments";

/// One moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    /// How often somebody has wanted something else by now.
    pub(crate) wishes: usize,
    pub(crate) processes: Vec<Running>,
    /// Models that have worked on the schema of the database, in order.
    pub(crate) schema: Vec<String>,
    /// What the controller has written since the moment before.
    pub(crate) written: Vec<Written>,
    /// Pods that were told to end since the moment before.
    pub(crate) ends: Vec<Ending>,
    pub(crate) held: Vec<Held>,
    /// Why an app goes on no longer by itself, where what runs is the reason.
    pub(crate) stalled: Vec<String>,
}

/// A process of an app.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Running {
    pub(crate) pod: String,
    pub(crate) environment: String,
    pub(crate) database: String,
    pub(crate) role: String,
    pub(crate) model: String,
    pub(crate) mode: String,
}

/// A write of the controller.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Written {
    /// A Deployment of ours.
    Deployment(Deployment),
    /// Something that belongs to others.
    Others(String),
    /// A pod's gate was opened.
    Opened(String),
    /// A pod that pulls was made.
    Pull(String),
    /// Something else of ours.
    Own,
}

/// What a Deployment was asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Deployment {
    pub(crate) name: String,
    pub(crate) model: String,
    pub(crate) input: String,
    pub(crate) replicas: i64,
}

/// A pod that was told to end.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Ending {
    pub(crate) pod: String,
    /// Its Deployment would make it again as it is, and its model is the one that is to run.
    pub(crate) is_current: bool,
    /// Pods of its Deployment that are as they are to be, itself included; and those that are wanted of its role.
    pub(crate) present: usize,
    pub(crate) wanted: usize,
    /// Somebody else asked for it.
    pub(crate) is_excused: bool,
}

/// A pod at the gate.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Held {
    pub(crate) pod: String,
    pub(crate) rule: String,
    pub(crate) message: String,
}

/// Looks. What was written is taken out of the server; `leaving` are the pods that were leaving before.
pub(crate) fn look(server: &Server, wishes: usize, leaving: &mut BTreeSet<String>) -> Moment {
    let ends = ends(server, leaving);
    let written = std::mem::take(&mut server.state().written);
    let written = written
        .iter()
        .map(|(method, path, object)| of_write(method, path, object));
    let written = written.collect();
    let world = server.state().world.clone();
    Moment {
        at: world.now,
        wishes,
        processes: running(server),
        schema: world.schema,
        written,
        ends,
        held: held(server),
        stalled: all(server, RUNTIMES).iter().filter_map(stalled).collect(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn running(server: &Server) -> Vec<Running> {
    let state = server.state();
    let processes = state
        .world
        .processes
        .values()
        .filter(|it| it.runs() && !it.pulls_only());
    let seen = processes.map(|it| Running {
        pod: it.pod.clone(),
        environment: it.environment.clone(),
        database: it.database.clone(),
        role: it.role.clone(),
        model: it.model.clone(),
        mode: it.mode.clone(),
    });
    seen.collect()
}

fn held(server: &Server) -> Vec<Held> {
    let environments = all(server, ENVIRONMENTS);
    let held = environments
        .iter()
        .flat_map(|it| it["status"]["held"].as_array().into_iter().flatten());
    held.map(|it| Held {
        pod: text(&it["pod"]),
        rule: text(&it["rule"]),
        message: text(&it["message"]),
    })
    .collect()
}

fn stalled(runtime: &Value) -> Option<String> {
    let mut conditions = runtime["status"]["conditions"].as_array()?.iter();
    let stalled = conditions.find(|it| it["type"] == "Stalled" && it["status"] == "True")?;
    Some(text(&stalled["message"]))
}

fn of_write(method: &Method, path: &str, object: &Value) -> Written {
    let is_ours = object["metadata"]["ownerReferences"][0]["controller"] == true;
    if path.starts_with(APPS) && !path.ends_with("/status") {
        return Written::Others(path.to_owned());
    }
    if path.starts_with(DEPLOYMENTS) && !path.ends_with("/status") {
        return if is_ours {
            deployment(object)
        } else {
            Written::Others(path.to_owned())
        };
    }
    if !path.starts_with(PODS) {
        return Written::Own;
    }
    match *method {
        Method::POST if label(object, "kubectl-mendix.io/component") == "puller" => {
            Written::Pull(pull(object))
        }
        // The patch that opens a gate brings the finalizer.
        Method::PATCH if object["metadata"]["finalizers"][0].is_string() && !is_leaving(object) => {
            Written::Opened(name(object))
        }
        _ => Written::Own,
    }
}

fn pull(pod: &Value) -> String {
    let terms = &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let node = text(&terms["nodeSelectorTerms"][0]["matchFields"][0]["values"][0]);
    let image = text(&pod["spec"]["containers"][0]["image"]);
    format!("{image} on node {node}")
}

fn deployment(object: &Value) -> Written {
    Written::Deployment(Deployment {
        name: name(object),
        model: text(&object["spec"]["template"]["metadata"]["labels"]["kubectl-mendix.io/model"]),
        input: text(&object["metadata"]["annotations"]["kubectl-mendix.io/input"]),
        replicas: object["spec"]["replicas"].as_i64().unwrap_or_default(),
    })
}

fn ends(server: &Server, leaving: &mut BTreeSet<String>) -> Vec<Ending> {
    let before = std::mem::take(leaving);
    let mut found = Vec::new();
    for deployment in all(server, DEPLOYMENTS) {
        let own = deployments::pods(server, &deployment);
        let current = |pod: &&Value| {
            let model = label(pod, "kubectl-mendix.io/model");
            pod["template"] == deployment["spec"]["template"] && is_wanted(server, model)
        };
        let fresh: Vec<&Value> = own
            .iter()
            .filter(|pod| is_leaving(pod) && !before.contains(&uid(pod)))
            .collect();
        let stay = own.iter().filter(|pod| !is_leaving(pod)).filter(current).count();
        let present = stay + fresh.iter().filter(|pod| current(pod)).count();
        for pod in fresh {
            found.push(Ending {
                pod: name(pod),
                is_current: current(&pod),
                present,
                wanted: wanted(server, label(pod, "kubectl-mendix.io/role")),
                is_excused: server.state().world.excused.contains(&uid(pod)),
            });
        }
        leaving.extend(own.iter().filter(|pod| is_leaving(pod)).map(uid));
    }
    found
}

fn is_wanted(server: &Server, model: &str) -> bool {
    all(server, ENVIRONMENTS)
        .iter()
        .any(|it| it["spec"]["model"] == model)
}

/// Pods of a role that the app is to have in the end.
fn wanted(server: &Server, role: &str) -> usize {
    let apps = all(server, APPS);
    let asked = |app: &Value| app["spec"]["replicas"].as_u64().unwrap_or(1);
    let replicas = apps.first().map_or(0, asked);
    let replicas = usize::try_from(replicas).expect("small");
    match role {
        "leader" => replicas.min(1),
        _ => replicas.saturating_sub(1),
    }
}
