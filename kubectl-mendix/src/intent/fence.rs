//! Which environments a lost node holds up, and what is declared of it. Pure.

use crate::failure::Failure;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt;
use mendix_model::crd::DatabaseClaim;
use mendix_model::crd::environment::FencedNode;
use mendix_model::gate::ending;
use mendix_model::names::{self, Component};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An environment with pods on the node.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Meant {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub environment: String,
    /// Its pods that are bound to the node and have not been seen to end.
    pub pods: Vec<String>,
    /// When the newest of them was made: what is declared holds for pods up to this one.
    ///
    /// Not the time of this machine. Were its clock ahead, pods that start on the node once it is back would count as
    /// ended while they run; were it behind, the pods that are meant would not be.
    pub at: Timestamp,
}

/// The environments of the pods that are bound to a node. `claims` know the environments of pods that were adopted
/// without labels.
pub fn meant(pods: &[Pod], claims: &[DatabaseClaim]) -> Vec<Meant> {
    let mut all: BTreeMap<(String, String), Meant> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| matters(pod)) {
        let namespace = pod.namespace().unwrap_or_default();
        let (Some(environment), Some(made)) = (environment(pod, claims), pod.creation_timestamp()) else {
            continue;
        };
        let key = (namespace.clone(), environment.clone());
        let meant = all.entry(key).or_insert_with(|| Meant {
            namespace,
            environment,
            pods: Vec::new(),
            at: made.0,
        });
        meant.pods.push(pod.name_any());
        meant.at = meant.at.max(made.0);
    }
    for meant in all.values_mut() {
        meant.pods.sort_unstable();
    }
    all.into_values().collect()
}

/// Whether a pod may be one of an environment that no label tells.
pub fn is_unlabelled(pod: &Pod) -> bool {
    matters(pod) && is_active(pod) && !pod.labels().contains_key(names::ENVIRONMENT_LABEL)
}

fn matters(pod: &Pod) -> bool {
    let component = pod.labels().get(names::COMPONENT_LABEL);
    !Component::is_task(component.map(String::as_str)) && !ending::has_ended(pod)
}

fn is_active(pod: &Pod) -> bool {
    pod.finalizers().iter().any(|it| it == names::ACTIVE_FINALIZER)
}

fn environment(pod: &Pod, claims: &[DatabaseClaim]) -> Option<String> {
    if let Some(label) = pod.labels().get(names::ENVIRONMENT_LABEL) {
        return Some(label.clone());
    }
    let uid = pod.uid()?;
    let claim = claims
        .iter()
        .find(|claim| claim.spec.opened.iter().any(|opened| opened.uid == uid))?;
    let owner = &claim.spec.owner;
    (Some(&owner.namespace) == pod.metadata.namespace.as_ref()).then(|| owner.environment.clone())
}

/// The part of an environment's spec that declares the node off. Entries of other nodes stay as they are.
pub fn declaration(spec: &Value, node: &str, at: Timestamp) -> Value {
    let others = spec["fenced"].as_array().into_iter().flatten();
    let mut fenced: Vec<_> = others.filter(|entry| entry["name"] != node).cloned().collect();
    let entry = FencedNode {
        name: node.to_owned(),
        at: at.to_string(),
    };
    fenced.push(json!(entry));
    json!({ "fenced": fenced })
}

/// Refuses a node whose kubelet still reports.
///
/// # Errors
/// It does.
pub fn check_node(name: &str, node: Option<&Node>) -> Result<(), Failure> {
    if !is_ready(node) {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "node {name} is ready: its kubelet reported within the last minute, so its pods may still write to their databases"
    ))
    .hint("switch the machine off, and wait until kubectl get nodes shows it as NotReady or no longer at all")
    .hint("kubectl drain moves pods off a node that works")
    .hint("--force says it all the same, where nothing is left that could mark the node as not ready"))
}

/// Whether the kubelet of a node reports that it works; a node that is gone does not.
pub fn is_ready(node: Option<&Node>) -> bool {
    let status = node.and_then(|node| node.status.as_ref());
    let conditions = status.and_then(|status| status.conditions.as_ref());
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// What is asserted, in words, before anybody says yes to it.
pub fn assertion(node: &str, meant: &[Meant]) -> String {
    let mut lines = vec![format!(
        "you say that the machine of node {node} is off, or cut off from database and file storage for good, and that \
         no process of these pods runs any more:"
    )];
    lines.extend(
        meant
            .iter()
            .map(|it| format!("  {}/{}: {}", it.namespace, it.environment, it.pods.join(", "))),
    );
    lines.push("If one of them runs all the same, two leaders write to one database.".to_owned());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use rstest::rstest;

    fn pod(name: &str, made: &str, metadata: &Value, status: &Value) -> Pod {
        let mut metadata = metadata.clone();
        metadata["name"] = json!(name);
        metadata["uid"] = json!(format!("uid-{name}"));
        metadata["namespace"] = json!("prod");
        metadata["creationTimestamp"] = json!(made);
        serde_json::from_value(json!({
            "metadata": metadata, "spec": {"nodeName": "one", "containers": []}, "status": status,
        }))
        .expect("pod")
    }

    fn labelled(environment: &str) -> Value {
        json!({"labels": {"kubectl-mendix.io/environment": environment}})
    }

    fn active() -> Value {
        json!({"finalizers": ["kubectl-mendix.io/active"]})
    }

    fn claim(environment: &str, uid: &str) -> DatabaseClaim {
        serde_json::from_value(json!({
            "apiVersion": "guard.kubectl-mendix.io/v1alpha1", "kind": "DatabaseClaim", "metadata": {"name": "c"},
            "spec": {
                "formatVersion": 1, "state": "held", "mode": "assigned",
                "owner": {"cluster": "c", "namespace": "prod", "environment": environment},
                "opened": [{"uid": uid, "name": "n", "role": "leader"}],
            },
        }))
        .expect("claim")
    }

    #[test]
    fn pods_are_meant_by_environment_up_to_the_newest() {
        let running = json!({"phase": "Running"});
        let task = json!({"labels": {
            "kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/component": "puller",
        }});
        let deleted = json!({"labels": {"kubectl-mendix.io/environment": "crm"}, "generation": 2,
            "deletionTimestamp": "2026-01-02T00:00:00Z"});
        let ended = json!({"phase": "Failed", "observedGeneration": 2});
        let pods = [
            pod("shop-b", "2026-01-01T02:00:00Z", &labelled("shop"), &running),
            pod("shop-a", "2026-01-01T01:00:00Z", &labelled("shop"), &running),
            pod("task", "2026-01-01T03:00:00Z", &task, &running),
            pod("adopted", "2026-01-01T04:00:00Z", &active(), &running),
            pod("stranger", "2026-01-01T05:00:00Z", &json!({}), &running),
            pod("over", "2026-01-01T06:00:00Z", &deleted, &ended),
        ];
        let found = meant(&pods, &[claim("old", "uid-adopted")]);
        insta::assert_yaml_snapshot!(found, @r#"
        - namespace: prod
          environment: old
          pods:
            - adopted
          at: "2026-01-01T04:00:00Z"
        - namespace: prod
          environment: shop
          pods:
            - shop-a
            - shop-b
          at: "2026-01-01T02:00:00Z"
        "#);
        let unlabelled: Vec<_> = pods.iter().filter(|pod| is_unlabelled(pod)).collect();
        assert_eq!(unlabelled, [&pods[3]]);
    }

    #[test]
    fn other_nodes_stay_declared() {
        let spec = json!({"fencing": "manual", "fenced": [
            {"name": "one", "at": "2025-01-01T00:00:00Z"},
            {"name": "two", "at": "2025-01-01T00:00:00Z", "by": "somebody"},
        ]});
        let at = "2026-01-01T00:00:00Z".parse().expect("time");
        assert_eq!(
            declaration(&spec, "one", at),
            json!({"fenced": [
                {"name": "two", "at": "2025-01-01T00:00:00Z", "by": "somebody"},
                {"name": "one", "at": "2026-01-01T00:00:00Z"},
            ]})
        );
        let first = declaration(&json!({}), "one", at);
        assert_eq!(first["fenced"].as_array().map(Vec::len), Some(1));
    }

    #[rstest]
    #[case::gone(None, true)]
    #[case::ready(Some("True"), false)]
    #[case::not_ready(Some("False"), true)]
    #[case::silent(Some("Unknown"), true)]
    fn a_node_that_reports_is_not_off(#[case] ready: Option<&str>, #[case] accepted: bool) {
        let node = ready.map(|status| {
            serde_json::from_value(json!({"status": {"conditions": [{"type": "Ready", "status": status}]}}))
                .expect("node")
        });
        let refused = check_node("one", node.as_ref()).err();
        assert_eq!(refused.is_none(), accepted);
        assert!(refused.is_none_or(|failure| failure.outcome == Outcome::Refused));
    }
}
