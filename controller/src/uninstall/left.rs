//! What the gate has put on objects and what is still there.

use crate::gate::{is_tracked, waits};
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::core::PartialObjectMeta;
use kube::{Api, Client, ResourceExt};
use mendix_model::crd::Environment;
use std::fmt;

/// Pods of one answer: a cluster may have many thousands.
const PAGE: u32 = 500;
/// Pods that a sentence names.
const NAMED: usize = 5;

/// What is left.
#[derive(Clone, Debug, Default)]
pub(super) struct Left {
    /// `namespace/name` of pods with our gate.
    pub(super) waiting: Vec<String>,
    /// The same of pods with our finalizer.
    pub(super) tracked: Vec<String>,
    /// The same of environments.
    pub(super) environments: Vec<String>,
}

impl Left {
    pub(super) fn is_nothing(&self) -> bool {
        self.waiting.is_empty() && self.tracked.is_empty() && self.environments.is_empty()
    }

    fn add(&mut self, pod: &Pod) {
        if waits(pod) {
            self.waiting.push(place(pod));
        }
        if is_tracked(pod) {
            self.tracked.push(place(pod));
        }
    }
}

/// Why an uninstall was refused, and what to do about it.
impl fmt::Display for Left {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.waiting.is_empty() {
            let pods = some(&self.waiting);
            return write!(
                formatter,
                "uninstall refused: {pods} may not start, and without the gate would do harm as soon as somebody makes \
                 it anew; kubectl mendix status and the status of its environment say why: scale its workload down or \
                 delete it, then uninstall again; helm uninstall --no-hooks leaves gates and finalizers on the pods"
            );
        }
        write!(
            formatter,
            "failed to let everything go in time: left are pods [{}] and environments [{}]; uninstall again",
            some(&self.tracked),
            some(&self.environments)
        )
    }
}

fn some(all: &[String]) -> String {
    let named = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn place(object: &impl ResourceExt) -> String {
    format!("{}/{}", object.namespace().unwrap_or_default(), object.name_any())
}

/// All pods: one that was copied to debug it has the gate and no label of ours.
pub(super) async fn read(client: &Client) -> anyhow::Result<Left> {
    let mut left = Left::default();
    let pods: Api<Pod> = Api::all(client.clone());
    let mut page = ListParams::default().limit(PAGE);
    loop {
        let found = pods.list(&page).await?;
        found.items.iter().for_each(|pod| left.add(pod));
        match found.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page = page.continue_token(&token),
            None => break,
        }
    }
    let environments: Api<PartialObjectMeta<Environment>> = Api::all(client.clone());
    let found = environments.list_metadata(&ListParams::default()).await?;
    left.environments = found.items.iter().map(place).collect();
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_model::names;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn left(metadata: &Value, spec: &Value) -> Left {
        let mut left = Left::default();
        let mut metadata = metadata.clone();
        metadata["namespace"] = json!("team-a");
        metadata["name"] = json!("shop-1");
        let pod = json!({ "metadata": metadata, "spec": spec });
        left.add(&serde_json::from_value(pod).expect("pod"));
        left
    }

    fn gated(gate: &str) -> Value {
        json!({ "containers": [], "schedulingGates": [{ "name": gate }] })
    }

    #[rstest]
    #[case::at_our_gate(json!({}), gated(names::GATE), 1, 0)]
    #[case::at_anothers(json!({}), gated("kueue.x-k8s.io/admission"), 0, 0)]
    #[case::tracked(json!({ "finalizers": [names::ACTIVE_FINALIZER] }), json!({ "containers": [] }), 0, 1)]
    #[case::of_no_interest(json!({ "finalizers": ["a/b"] }), json!({ "containers": [] }), 0, 0)]
    #[case::starts_no_more(json!({ "deletionTimestamp": "2026-01-01T00:00:00Z" }), gated(names::GATE), 0, 0)]
    fn what_counts(
        #[case] metadata: Value,
        #[case] spec: Value,
        #[case] waiting: usize,
        #[case] tracked: usize,
    ) {
        let left = left(&metadata, &spec);
        assert_eq!((left.waiting.len(), left.tracked.len()), (waiting, tracked));
    }

    #[test]
    fn a_refusal_names_the_pods_and_what_to_do() {
        let mut left = left(&json!({}), &gated(names::GATE));
        for number in 0..6 {
            left.waiting.push(format!("team-b/shop-{number}"));
        }
        let said = left.to_string();
        assert!(said.contains("team-a/shop-1, team-b/shop-0"), "{said}");
        assert!(said.contains("and 2 more"), "{said}");
        assert!(said.contains("scale its workload down"), "{said}");
    }
}
