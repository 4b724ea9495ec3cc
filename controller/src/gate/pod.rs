//! A pod of the API server, as far as its start matters. Pure.

use super::fence::Fence;
use super::plain::Judged;
use crate::pod_state::{is_ready, label};
use k8s_openapi::api::core::v1::Pod as Object;
use kube::ResourceExt;
use mendix_model::crd::claim::Role;
use mendix_model::gate::{Database, Gate, Pod, ending};
use mendix_model::names;

/// The pod. `claim` is the name of the claim that counts for it.
pub(crate) fn pod(object: &Object, claim: &str, fence: &Fence) -> Pod {
    Pod {
        uid: object.uid().unwrap_or_default(),
        name: object.name_any(),
        role: role(object),
        model: label(object, names::MODEL_LABEL).map(ToOwned::to_owned),
        gate: gate(object),
        mark: object.annotations().get(names::CLAIM_MARK_ANNOTATION).cloned(),
        finalizer: is_tracked(object),
        deleted: object.metadata.deletion_timestamp.is_some(),
        ended: ending::has_ended(object) || fence.holds(object),
        started: ending::may_have_started(object, names::RUNTIME_CONTAINER),
        ready: is_ready(object),
        database: database(object, claim),
        contradiction: None,
        synchronises: false,
        outdated: None,
    }
}

/// A pod of a plain manifest, as it was judged.
pub(crate) fn plain(object: &Object, judged: &Judged, claim: &str, fence: &Fence) -> Pod {
    Pod {
        role: judged.role,
        model: judged.model(),
        started: ending::may_have_started(object, &judged.container),
        database: match &judged.claim {
            Ok(named) => named_claim(Some(named), claim),
            Err(problem) => Database::Other(problem.clone()),
        },
        contradiction: judged.contradiction.clone(),
        synchronises: judged.role == Role::Peer,
        ..pod(object, claim, fence)
    }
}

fn role(object: &Object) -> Role {
    match label(object, names::ROLE_LABEL) {
        Some("leader") => Role::Leader,
        Some("worker") => Role::Worker,
        Some("peer") => Role::Peer,
        _ => Role::Unknown,
    }
}

/// Whether our finalizer is on a pod.
pub(crate) fn is_tracked(object: &impl ResourceExt) -> bool {
    object.finalizers().iter().any(|it| it == names::ACTIVE_FINALIZER)
}

/// Whether a pod waits at our gate. One that is being deleted starts no more.
pub(crate) fn waits(object: &Object) -> bool {
    gate(object) != Gate::Open && object.metadata.deletion_timestamp.is_none()
}

/// The gates that are left.
pub(crate) fn gate(object: &Object) -> Gate {
    let gates = object
        .spec
        .as_ref()
        .and_then(|spec| spec.scheduling_gates.as_ref());
    let gates: Vec<_> = gates
        .into_iter()
        .flatten()
        .map(|gate| gate.name.as_str())
        .collect();
    match (gates.contains(&names::GATE), gates.len()) {
        (false, _) => Gate::Open,
        (true, 1) => Gate::Closed,
        (true, _) => Gate::ClosedWithOthers,
    }
}

fn database(object: &Object, claim: &str) -> Database {
    named_claim(object.annotations().get(names::DATABASE_ANNOTATION), claim)
}

fn named_claim(named: Option<&String>, claim: &str) -> Database {
    match named {
        Some(named) if named == claim => Database::Claimed,
        Some(_) => {
            Database::Other("the pod names another database than the one its environment holds".to_owned())
        }
        None => Database::Other("the pod does not say which database it uses".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn read(metadata: &Value, spec: &Value) -> Pod {
        let mut spec = spec.clone();
        spec["containers"] = json!([{ "name": "mendix" }]);
        let object = serde_json::from_value(json!({ "metadata": metadata, "spec": spec })).expect("pod");
        pod(&object, "database-1", &Fence::default())
    }

    #[rstest]
    #[case::ours(json!([{ "name": names::GATE }]), Gate::Closed)]
    #[case::with_another(json!([{ "name": names::GATE }, { "name": "kueue.x-k8s.io/admission" }]), Gate::ClosedWithOthers)]
    #[case::anothers_only(json!([{ "name": "kueue.x-k8s.io/admission" }]), Gate::Open)]
    #[case::none(Value::Null, Gate::Open)]
    fn only_our_gate_keeps_a_pod_closed(#[case] gates: Value, #[case] expected: Gate) {
        assert_eq!(
            read(&json!({}), &json!({ "schedulingGates": gates })).gate,
            expected
        );
    }

    #[test]
    fn a_pod_without_a_role_may_be_anything() {
        assert_eq!(read(&json!({}), &json!({})).role, Role::Unknown);
        let odd = json!({ "labels": { "kubectl-mendix.io/role": "chief" } });
        assert_eq!(read(&odd, &json!({})).role, Role::Unknown);
    }

    #[rstest]
    #[case::same("database-1", true)]
    #[case::another("database-2", false)]
    fn a_pod_names_its_database(#[case] named: &str, #[case] claimed: bool) {
        let metadata = json!({ "annotations": { "kubectl-mendix.io/database": named } });
        assert_eq!(read(&metadata, &json!({})).database == Database::Claimed, claimed);
    }
}
