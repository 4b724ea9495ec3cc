//! Why a pod waits at the gate, and the command that helps.

use super::{Health, PodView, pod::GATED};
use crate::gather::Nodes;
use crate::intent::fence::is_ready;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use mendix_model::crd::Environment;
use mendix_model::crd::environment::HeldPod;
use serde::Serialize;
use std::collections::BTreeMap;

/// The condition of the gate that the database belongs to the environment.
pub(super) const OWNER: &str = "MX001";

/// Why a pod waits at the gate.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldView {
    /// Id of the condition that holds it.
    pub rule: String,
    /// What is missing and what to do.
    pub message: String,
    /// The command that helps, where one does; whether it is meant is for a person to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// What is known of the pods of an environment that wait.
pub(super) struct Waiting<'a> {
    held: &'a [HeldPod],
    namespace: String,
    environment: String,
    /// Nodes that do not report, by the names of their pods.
    lost: BTreeMap<String, String>,
}

impl<'a> Waiting<'a> {
    pub(super) fn new(
        environment: Option<&'a Environment>,
        pods: Option<&'a Vec<Pod>>,
        nodes: &Nodes,
    ) -> Self {
        let status = environment.and_then(|environment| environment.status.as_ref());
        let held = status.and_then(|status| status.held.as_deref());
        Self {
            held: held.unwrap_or_default(),
            namespace: environment.and_then(ResourceExt::namespace).unwrap_or_default(),
            environment: environment.map(ResourceExt::name_any).unwrap_or_default(),
            lost: lost(pods.map(Vec::as_slice).unwrap_or_default(), nodes),
        }
    }

    /// Adds to a pod with a gate why it waits. The status may be older than the pod: one without a gate is not held.
    pub(super) fn explain(&self, pod: PodView) -> PodView {
        if pod.state != GATED {
            return pod;
        }
        match self.held.iter().find(|held| held.pod == pod.name) {
            Some(held) => self.explained(pod, held),
            None => pod,
        }
    }

    /// The same for what the controller says of a pod, which does not tell gates.
    pub(super) fn explain_told(&self, mut pod: PodView) -> PodView {
        if pod.state == "Pending" && self.held.iter().any(|held| held.pod == pod.name) {
            GATED.clone_into(&mut pod.state);
        }
        self.explain(pod)
    }

    /// All that is known of waiting pods without the right to list pods.
    pub(super) fn pods(&self) -> Vec<PodView> {
        let pod = |held: &HeldPod| PodView {
            name: held.pod.clone(),
            health: Health::Progressing,
            state: GATED.to_owned(),
            ..PodView::default()
        };
        self.held
            .iter()
            .map(|held| self.explained(pod(held), held))
            .collect()
    }

    fn explained(&self, pod: PodView, held: &HeldPod) -> PodView {
        let HeldPod { rule, message, .. } = held;
        PodView {
            message: Some(format!("{rule} {message}")),
            held: Some(HeldView {
                rule: rule.clone(),
                message: message.clone(),
                command: self.command(held),
            }),
            ..pod
        }
    }

    /// The command of a condition's remedy, with the names that it needs here. None where a pod opens by itself, or a
    /// manifest has to be corrected. None for MX009 either: that a backup was restored is a fact to declare, and no
    /// line to copy; said without it, an earlier model runs on a later schema.
    fn command(&self, held: &HeldPod) -> Option<String> {
        let (namespace, environment) = (&self.namespace, &self.environment);
        let adopt = format!("kubectl mendix adopt {environment} -n {namespace}");
        match held.rule.as_str() {
            OWNER | "MX002" => Some(adopt),
            "MX003" => Some(format!("kubectl mendix protect -n {namespace}")),
            // A node is off for all namespaces.
            "MX010" | "MX011" => Some(format!("kubectl mendix fence {}", self.lost_node(held)?)),
            _ => None,
        }
    }

    /// Node of the pod that is waited for, which the sentence names.
    fn lost_node(&self, held: &HeldPod) -> Option<&String> {
        let mut words = held.message.split_whitespace();
        words.find_map(|word| self.lost.get(word))
    }
}

fn lost(pods: &[Pod], nodes: &Nodes) -> BTreeMap<String, String> {
    pods.iter()
        .filter_map(|pod| {
            let node = pod.spec.as_ref()?.node_name.clone()?;
            let found = nodes.get(&node)?;
            (!is_ready(found.as_ref())).then(|| (pod.name_any(), node))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_model::gate::CONDITIONS;
    use rstest::rstest;
    use serde_json::json;

    fn waiting(held: &[HeldPod]) -> Waiting<'_> {
        Waiting {
            held,
            namespace: "prod".to_owned(),
            environment: "shop".to_owned(),
            lost: BTreeMap::from([("shop-1".to_owned(), "node-7".to_owned())]),
        }
    }

    fn held(rule: &str, message: &str) -> HeldPod {
        HeldPod {
            pod: "shop-2".to_owned(),
            rule: rule.to_owned(),
            message: message.to_owned(),
        }
    }

    fn pod(state: &str) -> PodView {
        PodView {
            name: "shop-2".to_owned(),
            state: state.to_owned(),
            model: Some("m1".to_owned()),
            message: Some("held by kubectl-mendix.io/gate".to_owned()),
            ..PodView::default()
        }
    }

    #[rstest]
    #[case::foreign("MX001", "a", Some("kubectl mendix adopt shop -n prod"))]
    #[case::suspended("MX002", "a", Some("kubectl mendix adopt shop -n prod"))]
    #[case::adopting("MX003", "a", Some("kubectl mendix protect -n prod"))]
    #[case::back("MX009", "a", None)]
    #[case::lost_leader("MX011", "pod shop-1 may still run", Some("kubectl mendix fence node-7"))]
    #[case::leader_that_ends("MX011", "pod shop-10 may still run", None)]
    #[case::template("MX004", "pod shop-1 says", None)]
    fn the_command_names_what_it_is_about(
        #[case] rule: &str,
        #[case] message: &str,
        #[case] command: Option<&str>,
    ) {
        let held = [held(rule, message)];
        let view = waiting(&held).explain(pod(GATED)).held.expect("held");
        assert_eq!(view.command.as_deref(), command);
    }

    #[test]
    fn every_remedy_that_is_a_command_has_one_here() {
        for condition in CONDITIONS.iter().filter(|it| it.id != "MX007") {
            // MX007 asks for the pods that status shows.
            let held = [held(condition.id, "pod shop-1 may still run")];
            let command = waiting(&held)
                .explain(pod(GATED))
                .held
                .and_then(|held| held.command);
            let words = condition.remedy.contains("kubectl mendix");
            assert!(command.is_some() || !words, "{}", condition.id);
        }
    }

    #[rstest]
    #[case::silent(Some("Unknown"), true)]
    #[case::gone(None, true)]
    #[case::works(Some("True"), false)]
    fn a_node_is_lost_when_its_kubelet_is_silent(#[case] ready: Option<&str>, #[case] is_lost: bool) {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": {"name": "shop-1"}, "spec": {"nodeName": "node-7", "containers": []},
        }))
        .expect("pod");
        let node = ready.map(|ready| {
            let conditions = json!([{"type": "Ready", "status": ready}]);
            serde_json::from_value(json!({"metadata": {}, "status": {"conditions": conditions}}))
                .expect("node")
        });
        let nodes = Nodes::from([("node-7".to_owned(), node)]);
        assert_eq!(
            lost(std::slice::from_ref(&pod), &nodes).contains_key("shop-1"),
            is_lost
        );
        assert!(
            lost(&[pod], &Nodes::new()).is_empty(),
            "a node that was not read is not lost"
        );
    }

    #[test]
    fn a_status_that_is_older_than_the_pod_is_not_believed() {
        let held = [held("MX011", "a")];
        assert_eq!(waiting(&held).explain(pod("Starting")), pod("Starting"));
        assert_eq!(waiting(&[]).explain(pod(GATED)), pod(GATED));
    }

    #[test]
    fn what_the_controller_says_of_a_pod_does_not_tell_its_gate() {
        let held = [held("MX011", "a")];
        let view = waiting(&held).explain_told(pod("Pending"));
        assert_eq!(
            (view.state.as_str(), view.message.as_deref()),
            (GATED, Some("MX011 a"))
        );
    }
}
