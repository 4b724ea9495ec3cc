//! When a node is off for good, so that its pods have ended although no kubelet says so. Pure.

use k8s_openapi::api::core::v1::{Node, Pod};
use mendix_model::crd::environment::{FencedNode, Fencing};
use std::collections::{BTreeMap, BTreeSet};

/// The taint by which people and fencing agents say that a node is off (Kubernetes documentation, "Non-graceful node
/// shutdown").
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// What is known of lost nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fence {
    pub(crate) policy: Fencing,
    /// A person's word.
    pub(crate) fenced: Vec<FencedNode>,
    /// Nodes that were asked for, and what was found.
    pub(crate) nodes: BTreeMap<String, Option<Node>>,
}

/// Nodes of pods that are to end.
pub(crate) fn nodes_of_interest(pods: &[Pod]) -> BTreeSet<String> {
    pods.iter()
        .filter(|pod| pod.metadata.deletion_timestamp.is_some())
        .filter_map(|pod| pod.spec.as_ref()?.node_name.clone())
        .collect()
}

impl Fence {
    /// Whether the node of a pod is off for good.
    pub(crate) fn holds(&self, pod: &Pod) -> bool {
        let Some(node) = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()) else {
            return false;
        };
        self.said(node, pod) || (pod.metadata.deletion_timestamp.is_some() && self.shown(node))
    }

    /// A pod that was made after the word was given is not meant: the node came back.
    fn said(&self, node: &str, pod: &Pod) -> bool {
        let made = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
        let before = |fenced: &FencedNode| {
            let at = fenced.at.parse::<jiff::Timestamp>().ok();
            at.zip(made).is_some_and(|(at, made)| made <= at)
        };
        self.fenced
            .iter()
            .any(|fenced| fenced.name == node && before(fenced))
    }

    fn shown(&self, node: &str) -> bool {
        let Some(found) = self.nodes.get(node) else {
            return false;
        };
        match (self.policy, found) {
            (Fencing::Manual, _) | (Fencing::OutOfServiceTaint, None) => false,
            (Fencing::NodeDeleted, found) => found.is_none(),
            (Fencing::OutOfServiceTaint, Some(node)) => {
                let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_ref());
                taints
                    .into_iter()
                    .flatten()
                    .any(|taint| taint.key == OUT_OF_SERVICE)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn pod(deleted: bool) -> Pod {
        serde_json::from_value(json!({
            "metadata": {
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "deletionTimestamp": deleted.then_some("2026-01-02T00:00:00Z"),
            },
            "spec": { "nodeName": "one", "containers": [] },
        }))
        .expect("pod")
    }

    fn fence(policy: Fencing, node: &Value) -> Fence {
        Fence {
            policy,
            fenced: Vec::new(),
            nodes: BTreeMap::from([(
                "one".to_owned(),
                serde_json::from_value(node.clone()).expect("node"),
            )]),
        }
    }

    fn tainted() -> Value {
        json!({ "metadata": {}, "spec": { "taints": [{ "key": OUT_OF_SERVICE, "effect": "NoExecute" }] } })
    }

    #[rstest]
    #[case::nobody_said_so(Fencing::Manual, Value::Null, true, false)]
    #[case::deleted_node(Fencing::NodeDeleted, Value::Null, true, true)]
    #[case::pod_is_not_to_end(Fencing::NodeDeleted, Value::Null, false, false)]
    #[case::node_is_there(Fencing::NodeDeleted, json!({ "metadata": {} }), true, false)]
    #[case::tainted(Fencing::OutOfServiceTaint, tainted(), true, true)]
    #[case::not_tainted(Fencing::OutOfServiceTaint, json!({ "metadata": {} }), true, false)]
    #[case::other_policy(Fencing::NodeDeleted, tainted(), true, false)]
    fn what_a_node_shows(
        #[case] policy: Fencing,
        #[case] node: Value,
        #[case] deleted: bool,
        #[case] expected: bool,
    ) {
        assert_eq!(fence(policy, &node).holds(&pod(deleted)), expected);
    }

    #[rstest]
    #[case::after_the_pod("2026-01-01T12:00:00Z", true)]
    #[case::before_the_pod("2025-12-31T12:00:00Z", false)]
    #[case::no_time("yesterday", false)]
    fn a_persons_word_counts_for_pods_made_before_it(#[case] at: &str, #[case] expected: bool) {
        let fence = Fence {
            fenced: vec![FencedNode {
                name: "one".to_owned(),
                at: at.to_owned(),
            }],
            ..Fence::default()
        };
        assert_eq!(fence.holds(&pod(false)), expected);
    }
}
