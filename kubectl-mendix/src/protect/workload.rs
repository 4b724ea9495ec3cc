//! Workloads with their pods, as far as the guard is concerned. Pure.

use super::gather::Gathered;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{Pod, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::{Resource, ResourceExt};
use mendix_model::gate::ending;
use mendix_model::manifest::{Kind, is_telling, of_app};
use mendix_model::names;
use std::collections::BTreeMap;

/// What makes pods.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Value of the environment label of its template.
    pub environment: Option<String>,
    /// Value of the role label of its template.
    pub role: Option<String>,
    /// Annotations of its template.
    pub annotations: BTreeMap<String, String>,
    /// Its template.
    pub spec: PodSpec,
    /// Pods that it is to have.
    pub replicas: i32,
    /// Number of the first pod of a `StatefulSet`.
    pub first: u32,
    /// It replaces its pods step by step, and makes pods of the earlier template again meanwhile.
    pub rolls: bool,
    /// Its pods.
    pub pods: Vec<PodFacts>,
}

/// What matters of a pod.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct PodFacts {
    /// Name.
    pub name: String,
    /// Uid.
    pub uid: String,
    /// Waits at the gate.
    pub gated: bool,
    /// Was let through the gate, which adds the finalizer and pins the image; the finalizer alone is also on a pod that
    /// was found running.
    pub opened: bool,
    /// Bears the environment label.
    pub labelled: bool,
    /// Is to end.
    pub leaving: bool,
    /// Its processes have ended.
    pub ended: bool,
    /// Serves.
    pub ready: bool,
}

impl PodFacts {
    /// Whether it runs, or may, without ever having been at the gate.
    pub const fn runs_unguarded(&self) -> bool {
        !self.gated && !self.opened && !self.ended
    }

    /// The number at the end of the name of a `StatefulSet`'s pod.
    pub fn ordinal(&self) -> Option<u32> {
        self.name
            .rsplit_once('-')
            .and_then(|(_, number)| number.parse().ok())
    }
}

impl Workload {
    /// `deployment/shop`.
    pub fn title(&self) -> String {
        format!("{}/{}", self.kind.as_str(), self.name)
    }

    /// Pods that run without the gate.
    pub fn unguarded(&self) -> impl Iterator<Item = &PodFacts> {
        self.pods.iter().filter(|pod| pod.runs_unguarded())
    }
}

/// The workloads of a namespace that are labelled, or look like apps of Mendix. Those of our own controller are left
/// out: their templates have the gate already.
pub fn workloads(gathered: &Gathered) -> Vec<Workload> {
    let mut all: Vec<_> = known(gathered)
        .filter(|workload| is_of_interest(workload.environment.as_ref(), &workload.spec))
        .collect();
    for pod in stray(gathered) {
        all.push(lone(pod));
    }
    all.sort_by(|one, other| {
        (&one.environment, one.kind, &one.name).cmp(&(&other.environment, other.kind, &other.name))
    });
    all
}

fn is_of_interest(environment: Option<&String>, spec: &PodSpec) -> bool {
    let containers = spec.containers.iter();
    let mut names = containers.flat_map(|container| container.env.iter().flatten().map(|it| &it.name));
    environment.is_some() || names.any(|name| is_telling(name))
}

fn known(gathered: &Gathered) -> impl Iterator<Item = Workload> {
    let deployments = gathered
        .deployments
        .iter()
        .filter_map(|it| deployment(it, gathered));
    let stateful_sets = gathered
        .stateful_sets
        .iter()
        .filter_map(|it| stateful_set(it, gathered));
    let daemon_sets = gathered
        .daemon_sets
        .iter()
        .filter_map(|it| daemon_set(it, gathered));
    deployments.chain(stateful_sets).chain(daemon_sets)
}

fn deployment(object: &Deployment, gathered: &Gathered) -> Option<Workload> {
    let spec = object.spec.as_ref()?;
    let strategy = spec.strategy.as_ref().and_then(|it| it.type_.as_deref());
    Some(Workload {
        replicas: spec.replicas.unwrap_or(1),
        rolls: strategy != Some("Recreate"),
        ..of_template(Kind::Deployment, object.meta(), &spec.template, gathered)?
    })
}

fn stateful_set(object: &StatefulSet, gathered: &Gathered) -> Option<Workload> {
    let spec = object.spec.as_ref()?;
    let strategy = spec.update_strategy.as_ref().and_then(|it| it.type_.as_deref());
    let first = spec.ordinals.as_ref().and_then(|it| it.start).unwrap_or_default();
    Some(Workload {
        replicas: spec.replicas.unwrap_or(1),
        first: u32::try_from(first).unwrap_or_default(),
        rolls: strategy != Some("OnDelete"),
        ..of_template(Kind::StatefulSet, object.meta(), &spec.template, gathered)?
    })
}

/// A `DaemonSet` always makes pods of its present template.
fn daemon_set(object: &DaemonSet, gathered: &Gathered) -> Option<Workload> {
    let status = object.status.as_ref();
    Some(Workload {
        replicas: status.map_or(0, |it| it.desired_number_scheduled),
        ..of_template(
            Kind::DaemonSet,
            object.meta(),
            &object.spec.as_ref()?.template,
            gathered,
        )?
    })
}

fn of_template(
    kind: Kind,
    owner: &ObjectMeta,
    template: &PodTemplateSpec,
    gathered: &Gathered,
) -> Option<Workload> {
    let metadata = template.metadata.clone().unwrap_or_default();
    let labels = metadata.labels.unwrap_or_default();
    if labels.contains_key(names::COMPONENT_LABEL) {
        return None;
    }
    let of_owner = |pod: &&Pod| top(pod, gathered) == owner.uid.as_ref();
    Some(Workload {
        kind,
        name: owner.name.clone().unwrap_or_default(),
        environment: labels.get(names::ENVIRONMENT_LABEL).cloned(),
        role: labels.get(names::ROLE_LABEL).cloned(),
        annotations: metadata.annotations.unwrap_or_default(),
        spec: template.spec.clone().unwrap_or_default(),
        replicas: 1,
        first: 0,
        rolls: false,
        pods: gathered.pods.iter().filter(of_owner).map(facts).collect(),
    })
}

/// Uid of what a pod belongs to in the end: the Deployment, not its `ReplicaSet`.
fn top<'a>(pod: &'a Pod, gathered: &'a Gathered) -> Option<&'a String> {
    let owner = controller(&pod.metadata)?;
    let mut sets = gathered.replica_sets.iter();
    let set = sets.find(|set| set.metadata.uid.as_ref() == Some(&owner.uid));
    let above = set.and_then(|set| controller(&set.metadata));
    Some(&above.unwrap_or(owner).uid)
}

fn controller(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    let mut owners = metadata.owner_references.iter().flatten();
    owners.find(|owner| owner.controller == Some(true))
}

/// Labelled pods of nothing that is known here: made by hand, by a job, or left by a `ReplicaSet` without owner.
fn stray(gathered: &Gathered) -> impl Iterator<Item = &Pod> {
    let uids = |pod: &Pod| {
        let top = top(pod, gathered);
        let owners = [
            gathered
                .deployments
                .iter()
                .any(|it| it.metadata.uid.as_ref() == top),
            gathered
                .stateful_sets
                .iter()
                .any(|it| it.metadata.uid.as_ref() == top),
            gathered
                .daemon_sets
                .iter()
                .any(|it| it.metadata.uid.as_ref() == top),
        ];
        top.is_some() && owners.contains(&true)
    };
    gathered.pods.iter().filter(move |pod| {
        let labels = pod.labels();
        let labelled = labels.contains_key(names::ENVIRONMENT_LABEL);
        labelled && !labels.contains_key(names::COMPONENT_LABEL) && !uids(pod)
    })
}

fn lone(pod: &Pod) -> Workload {
    Workload {
        kind: Kind::Pod,
        name: pod.name_any(),
        environment: pod.labels().get(names::ENVIRONMENT_LABEL).cloned(),
        role: pod.labels().get(names::ROLE_LABEL).cloned(),
        annotations: pod.annotations().clone(),
        spec: pod.spec.clone().unwrap_or_default(),
        replicas: 1,
        first: 0,
        rolls: false,
        pods: vec![facts(pod)],
    }
}

fn facts(pod: &Pod) -> PodFacts {
    let spec = pod.spec.clone().unwrap_or_default();
    let gates = spec.scheduling_gates.iter().flatten();
    let pinned = of_app(Some(pod.annotations()), &spec).is_ok_and(|container| {
        container
            .image
            .as_deref()
            .is_some_and(|image| image.contains('@'))
    });
    let tracked = pod.finalizers().iter().any(|it| it == names::ACTIVE_FINALIZER);
    let conditions = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    PodFacts {
        name: pod.name_any(),
        uid: pod.uid().unwrap_or_default(),
        gated: gates.clone().any(|gate| gate.name == names::GATE),
        opened: tracked && pinned,
        labelled: pod.labels().contains_key(names::ENVIRONMENT_LABEL),
        leaving: pod.metadata.deletion_timestamp.is_some(),
        ended: ending::has_ended(pod),
        ready: conditions
            .clone()
            .any(|it| it.type_ == "Ready" && it.status == "True"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// A pod of a template.
    pub(in crate::protect) fn pod(name: &str, owner: Option<(&str, &str)>, more: &Value) -> Pod {
        let mut pod = json!({
            "metadata": {"name": name, "uid": format!("uid-{name}"), "namespace": "prod"},
            "spec": {"containers": [{"name": "app", "image": "shop:1"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        });
        if let Some((kind, uid)) = owner {
            pod["metadata"]["ownerReferences"] =
                json!([{"apiVersion": "apps/v1", "kind": kind, "name": "x", "uid": uid, "controller": true}]);
        }
        for (key, value) in more.as_object().into_iter().flatten() {
            pod["metadata"][key] = value.clone();
        }
        serde_json::from_value(pod).expect("pod")
    }

    fn labels(environment: &str, role: &str) -> Value {
        json!({"kubectl-mendix.io/environment": environment, "kubectl-mendix.io/role": role})
    }

    fn template(labels: &Value, env: &Value) -> Value {
        json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "env": env}]}})
    }

    fn namespace() -> Gathered {
        let object = |kind: &str, name: &str, template: &Value| {
            json!({
                "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "uid": format!("uid-{name}")},
                "spec": {"selector": {}, "serviceName": "x", "template": template},
            })
        };
        let from = |value: Value| serde_json::from_value(value).expect("object");
        let telling = json!([{"name": "DATABASE_ENDPOINT", "value": "x"}]);
        let ours = json!({"kubectl-mendix.io/environment": "a", "kubectl-mendix.io/component": "runtime"});
        Gathered {
            deployments: vec![
                from(object("Deployment", "shop", &template(&labels("shop", "leader"), &json!([])))),
                from(object("Deployment", "candidate", &template(&json!({}), &telling))),
                from(object("Deployment", "other", &template(&json!({}), &json!([])))),
                from(object("Deployment", "ours", &template(&ours, &telling))),
            ],
            stateful_sets: vec![serde_json::from_value(object(
                "StatefulSet",
                "set",
                &template(&labels("shop", "worker"), &json!([])),
            ))
            .expect("set")],
            replica_sets: vec![serde_json::from_value(json!({
                "metadata": {"name": "shop-1", "uid": "uid-shop-1", "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop", "uid": "uid-shop", "controller": true},
                ]},
            }))
            .expect("replica set")],
            pods: vec![
                pod("shop-1-a", Some(("ReplicaSet", "uid-shop-1")), &json!({})),
                pod("set-0", Some(("StatefulSet", "uid-set")), &json!({})),
                pod("lone", Some(("Job", "uid-job")), &json!({"labels": labels("crm", "leader")})),
                pod("stranger", None, &json!({})),
            ],
            ..Gathered::default()
        }
    }

    #[test]
    fn workloads_are_found_with_their_pods() {
        let found: Vec<_> = workloads(&namespace())
            .iter()
            .map(|it| {
                let pods: Vec<_> = it.pods.iter().map(|pod| pod.name.clone()).collect();
                let environment = it.environment.clone().unwrap_or_default();
                format!("{} of {environment:?}: {}", it.title(), pods.join(","))
            })
            .collect();
        insta::assert_yaml_snapshot!(found, @r#"
        - "deployment/candidate of \"\": "
        - "pod/lone of \"crm\": lone"
        - "deployment/shop of \"shop\": shop-1-a"
        - "statefulset/set of \"shop\": set-0"
        "#);
    }

    #[test]
    fn a_pod_that_was_only_found_running_never_was_at_the_gate() {
        let finalizer = json!({"finalizers": ["kubectl-mendix.io/active"]});
        let found = facts(&pod("a", None, &finalizer));
        assert!(found.runs_unguarded());
        let mut opened = pod("a", None, &finalizer);
        if let Some(spec) = &mut opened.spec {
            spec.containers[0].image = Some("shop@sha256:0".to_owned());
        }
        assert!(!facts(&opened).runs_unguarded());
        let mut gated = pod("a", None, &json!({}));
        if let Some(spec) = &mut gated.spec {
            spec.scheduling_gates =
                serde_json::from_value(json!([{"name": "kubectl-mendix.io/gate"}])).expect("gates");
        }
        assert!(!facts(&gated).runs_unguarded());
    }
}
