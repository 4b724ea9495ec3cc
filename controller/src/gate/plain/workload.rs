//! Which template a pod came from, and whether that is still the one of its workload. Pure.

use crate::apply::controller_of;
use crate::metadata::{author, is_leaving};
use crate::pod_state::is_ready;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Pod, PodSpec, PodTemplateSpec};
use kube::ResourceExt;
use kube::api::ObjectMeta;
use mendix_model::gate::Outdated;
use mendix_model::names;
use std::collections::BTreeMap;

/// The number of a Deployment's template, on the Deployment and on its `ReplicaSets` (Kubernetes' own annotation).
const REVISION: &str = "deployment.kubernetes.io/revision";
const STATEFUL_REVISION: &str = "controller-revision-hash";

/// The workloads of an environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workloads {
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) replica_sets: Vec<ReplicaSet>,
    pub(crate) stateful_sets: Vec<StatefulSet>,
}

/// A template, and what tells it from earlier and later ones.
pub(crate) struct Template<'a> {
    pub(crate) labels: Option<&'a BTreeMap<String, String>>,
    pub(crate) annotations: Option<&'a BTreeMap<String, String>>,
    pub(crate) spec: &'a PodSpec,
    pub(crate) revision: String,
}

impl<'a> Template<'a> {
    fn of_workload(template: &'a PodTemplateSpec, revision: String) -> Option<Self> {
        let metadata = template.metadata.as_ref();
        Some(Self {
            labels: metadata.and_then(|it| it.labels.as_ref()),
            annotations: metadata.and_then(|it| it.annotations.as_ref()),
            spec: template.spec.as_ref()?,
            revision,
        })
    }

    /// What a pod was made from, as far as the pod still shows it.
    pub(crate) fn of_pod(pod: &'a Pod) -> Option<Self> {
        Some(Self {
            labels: pod.metadata.labels.as_ref(),
            annotations: pod.metadata.annotations.as_ref(),
            spec: pod.spec.as_ref()?,
            revision: revision(pod),
        })
    }
}

/// Revision of the template that a pod came from. A pod without a controller is its own.
pub(crate) fn revision(pod: &Pod) -> String {
    let uid = || pod.uid().unwrap_or_default();
    match controller_of(&pod.metadata) {
        Some(owner) if owner.kind == "ReplicaSet" => owner.uid.clone(),
        Some(_) => pod.labels().get(STATEFUL_REVISION).cloned().unwrap_or_else(uid),
        None => uid(),
    }
}

impl Workloads {
    /// Present templates with this role.
    pub(crate) fn templates(&self, roles: &[&str]) -> Vec<Template<'_>> {
        let deployments = self.deployments.iter().filter_map(|deployment| {
            Template::of_workload(
                &deployment.spec.as_ref()?.template,
                self.current(deployment)?.uid()?,
            )
        });
        let stateful = self.stateful_sets.iter().filter_map(|set| {
            let revision = set.status.as_ref()?.update_revision.clone()?;
            Template::of_workload(&set.spec.as_ref()?.template, revision)
        });
        deployments
            .chain(stateful)
            .filter(|it| role(it.labels).is_some_and(|role| roles.contains(&role)))
            .collect()
    }

    /// The `ReplicaSet` of the present template; nothing while there is none, as for a paused Deployment.
    fn current(&self, deployment: &Deployment) -> Option<&ReplicaSet> {
        let seen = deployment.status.as_ref()?.observed_generation? >= deployment.metadata.generation?;
        let number = deployment.annotations().get(REVISION).filter(|_| seen)?;
        self.sets(deployment)
            .find(|set| set.annotations().get(REVISION) == Some(number))
    }

    /// Present and earlier ones.
    fn sets(&self, deployment: &Deployment) -> impl Iterator<Item = &ReplicaSet> {
        self.replica_sets
            .iter()
            .filter(|set| is_controlled_by(&set.metadata, &deployment.metadata))
    }

    /// What becomes of a pod whose workload has another template by now.
    pub(crate) fn outdated(&self, pod: &Pod) -> Option<Outdated> {
        let owner = controller_of(&pod.metadata)?;
        match owner.kind.as_str() {
            "ReplicaSet" => {
                let set = self
                    .replica_sets
                    .iter()
                    .find(|set| set.uid().as_ref() == Some(&owner.uid))?;
                let deployment = controller_of(&set.metadata)?;
                let same = |it: &&Deployment| it.uid().as_ref() == Some(&deployment.uid);
                let current = self.current(self.deployments.iter().find(same)?)?;
                (current.uid() != set.uid()).then_some(Outdated::Replaced)
            }
            "StatefulSet" => {
                let set = self
                    .stateful_sets
                    .iter()
                    .find(|set| set.uid().as_ref() == Some(&owner.uid))?;
                let update = set.status.as_ref()?.update_revision.as_ref()?;
                (pod.labels().get(STATEFUL_REVISION) != Some(update)).then_some(Outdated::Stuck)
            }
            _ => None,
        }
    }

    /// Whether none of them is to have a pod.
    pub(crate) fn is_stopped(&self) -> bool {
        let deployments = self
            .deployments
            .iter()
            .filter_map(|it| it.spec.as_ref()?.replicas);
        let stateful = self
            .stateful_sets
            .iter()
            .filter_map(|it| it.spec.as_ref()?.replicas);
        deployments.chain(stateful).all(|replicas| replicas == 0)
    }

    /// Whether they have as many pods as they are to have, all ready and of their present templates.
    ///
    /// Counted by the pods themselves: what a workload's status says of them comes later, and wakes nobody here.
    pub(crate) fn are_settled(&self, pods: &[Pod]) -> bool {
        let deployments = self.deployments.iter().all(|it| self.is_settled(it, pods));
        deployments && self.stateful_sets.iter().all(|it| is_stateful_settled(it, pods))
    }

    fn is_settled(&self, deployment: &Deployment, pods: &[Pod]) -> bool {
        let Some(current) = self.current(deployment).and_then(ResourceExt::uid) else {
            return false;
        };
        let sets: Vec<_> = self.sets(deployment).collect();
        let of_one = |pod: &&Pod| {
            sets.iter()
                .any(|set| is_controlled_by(&pod.metadata, &set.metadata))
        };
        let own = pods.iter().filter(of_one);
        let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas);
        are_all(own, wanted, |pod| revision(pod) == current)
    }

    /// Field manager that changed one of them last.
    pub(crate) fn author(&self) -> Option<String> {
        let deployments = self.deployments.iter().filter_map(author);
        let stateful = self.stateful_sets.iter().filter_map(author);
        let last = deployments.chain(stateful).max_by_key(|(time, _)| *time)?;
        Some(last.1)
    }
}

fn is_controlled_by(object: &ObjectMeta, owner: &ObjectMeta) -> bool {
    let controller = controller_of(object).map(|it| &it.uid);
    controller.is_some() && controller == owner.uid.as_ref()
}

fn is_stateful_settled(set: &StatefulSet, pods: &[Pod]) -> bool {
    let update = set
        .status
        .as_ref()
        .and_then(|status| status.update_revision.as_ref());
    let own = pods
        .iter()
        .filter(|pod| is_controlled_by(&pod.metadata, &set.metadata));
    let wanted = set.spec.as_ref().and_then(|spec| spec.replicas);
    are_all(own, wanted, |pod| Some(&revision(pod)) == update)
}

/// Whether there are as many pods as wanted, 1 when nothing is said, each of them ready and as it is to be.
fn are_all<'a>(
    pods: impl Iterator<Item = &'a Pod>,
    wanted: Option<i32>,
    is_new: impl Fn(&Pod) -> bool,
) -> bool {
    let mut count = 0;
    for pod in pods {
        if is_leaving(pod) || !is_ready(pod) || !is_new(pod) {
            return false;
        }
        count += 1;
    }
    count == wanted.unwrap_or(1)
}

fn role(labels: Option<&BTreeMap<String, String>>) -> Option<&str> {
    labels?.get(names::ROLE_LABEL).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn workloads(replicas: i32) -> Workloads {
        let deployment = json!({
            "metadata": { "uid": "d", "generation": 2, "annotations": { REVISION: "7" } },
            "spec": { "replicas": replicas, "selector": {}, "template": {} }, "status": { "observedGeneration": 2 },
        });
        let set = |uid: &str, number: &str| {
            let owner = json!([{ "apiVersion": "apps/v1", "kind": "Deployment", "name": "d", "uid": "d", "controller": true }]);
            json!({
                "metadata": { "uid": uid, "annotations": { REVISION: number }, "ownerReferences": owner },
                "spec": { "selector": {} },
            })
        };
        Workloads {
            deployments: vec![serde_json::from_value(deployment).expect("a Deployment")],
            replica_sets: serde_json::from_value(json!([set("old", "6"), set("new", "7")]))
                .expect("ReplicaSets"),
            ..Workloads::default()
        }
    }

    fn pod(set: &str, ready: bool) -> Pod {
        let owner = json!([{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "uid": set, "controller": true }]);
        let ready = if ready { "True" } else { "False" };
        serde_json::from_value(json!({
            "metadata": { "ownerReferences": owner },
            "status": { "conditions": [{ "type": "Ready", "status": ready }] },
        }))
        .expect("a pod")
    }

    #[rstest]
    #[case::all(vec![pod("new", true), pod("new", true)], true)]
    #[case::one_missing(vec![pod("new", true)], false)]
    #[case::an_old_one_left(vec![pod("new", true), pod("new", true), pod("old", true)], false)]
    #[case::one_not_ready(vec![pod("new", true), pod("new", false)], false)]
    #[case::of_another_workload(vec![pod("new", true), pod("new", true), pod("other", false)], true)]
    fn workloads_are_settled_when_all_their_pods_are_ready_and_new(
        #[case] pods: Vec<Pod>,
        #[case] expected: bool,
    ) {
        assert_eq!(workloads(2).are_settled(&pods), expected);
    }

    #[rstest]
    #[case(0, true)]
    #[case(1, false)]
    fn workloads_without_pods_are_stopped(#[case] replicas: i32, #[case] expected: bool) {
        assert_eq!(workloads(replicas).is_stopped(), expected);
    }
}
