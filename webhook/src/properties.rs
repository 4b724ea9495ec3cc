//! What holds of any review, whatever is in it.

use crate::admission;
use crate::known::Known;
use json_patch::Patch;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Words at which something is done.
const WORDS: [&str; 26] = [
    "metadata",
    "spec",
    "labels",
    "annotations",
    "template",
    "containers",
    "env",
    "name",
    "value",
    "replicas",
    "scaleTargetRef",
    "maxReplicas",
    "tolerations",
    "schedulingGates",
    "strategy",
    "gracePeriodSeconds",
    "leader",
    "worker",
    "DATABASE_URL",
    "postgres://db/shop",
    "kubectl-mendix.io/environment",
    "kubectl-mendix.io/role",
    "kubectl-mendix.io/inject-guard",
    "true",
    "command",
    "initContainers",
];

const IMAGE: &str = "registry.example.com/mendix:1";

const KINDS: [[&str; 3]; 7] = [
    ["apps", "Deployment", "deployments"],
    ["apps", "StatefulSet", "statefulsets"],
    ["apps", "ReplicaSet", "replicasets"],
    ["", "Pod", "pods"],
    [
        "autoscaling",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
    ],
    ["autoscaling", "Scale", "deployments"],
    ["privatecloud.mendix.com", "MendixApp", "mendixapps"],
];

fn any_json() -> impl Strategy<Value = Value> {
    let word =
        || prop_oneof![3 => proptest::sample::select(&WORDS[..]).prop_map(str::to_owned), 1 => ".{0,8}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|it| json!(it)),
        word().prop_map(Value::String),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::btree_map(word(), inner, 0..6)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

/// An object with the labels, and anything at all in one of its places.
fn any_object() -> impl Strategy<Value = Value> {
    let labels = json!({"kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": "leader"});
    let base = json!({
        "apiVersion": "v1", "kind": "X", "metadata": {
            "name": "shop", "labels": labels, "annotations": {"kubectl-mendix.io/inject-guard": "true"},
        },
        "spec": {"containers": [{"name": "app", "command": ["run"], "env": []}], "volumes": [], "replicas": 2, "strategy": {}, "tolerations": [], "schedulingGates": [], "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "app", "env": [{"name": "DATABASE_URL", "value": "postgres://db/shop"}]}]},
        }},
    });
    let places = [
        "/metadata/labels",
        "/metadata/annotations",
        "/spec",
        "/spec/containers",
        "/spec/containers/0",
        "/spec/containers/0/env",
        "/spec/volumes",
        "/spec/replicas",
        "/spec/strategy",
        "/spec/tolerations",
        "/spec/schedulingGates",
        "/spec/template",
        "/spec/template/metadata/labels",
        "/spec/template/spec/containers",
        "/spec/template/spec/containers/0/env",
        "/nowhere",
    ];
    (proptest::sample::select(places.to_vec()), any_json()).prop_map(move |(place, damage)| {
        let mut object = base.clone();
        if let Some(value) = object.pointer_mut(place) {
            *value = damage;
        }
        object
    })
}

fn body(kind: [&str; 3], operation: &str, subresource: Option<&str>, object: &Value, old: &Value) -> Vec<u8> {
    let [group, kind, resource] = kind;
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "1", "operation": operation, "name": "shop", "namespace": "prod", "userInfo": {}, "dryRun": false,
            "kind": {"group": group, "version": "v1", "kind": kind},
            "resource": {"group": group, "version": "v1", "resource": resource},
            "subResource": subresource, "object": object, "oldObject": old, "options": old,
        },
    });
    review.to_string().into_bytes()
}

/// What the API server makes of an object that it asks about.
fn admitted(kind: [&str; 3], operation: &str, object: &Value) -> Option<Value> {
    let request = admission::read(&body(kind, operation, None, object, &Value::Null)).ok()?;
    let answer = serde_json::to_value(admission::mutated(&request, IMAGE)).unwrap();
    let mut object = serde_json::to_value(request.object?).unwrap();
    let patch = &answer["response"]["patch"];
    if !patch.is_null() {
        let patch: Vec<u8> = serde_json::from_value(patch.clone()).unwrap();
        let patch: Patch = serde_json::from_slice(&patch).unwrap();
        json_patch::patch(&mut object, &patch).unwrap();
    }
    Some(object)
}

proptest! {
    #[test]
    fn any_review_is_answered(
        object in any_object(),
        old in prop_oneof![any_json(), any_object()],
        kind in proptest::sample::select(&KINDS[..]),
        operation in proptest::sample::select(vec!["CREATE", "UPDATE", "DELETE", "CONNECT", "OTHER"]),
        scale: bool,
    ) {
        let object = if operation == "DELETE" { Value::Null } else { object };
        let body = body(kind, operation, scale.then_some("scale"), &object, &old);
        if let Ok(request) = admission::read(&body) {
            for answer in [admission::validated(&request, None, &Known::default()), admission::mutated(&request, IMAGE)] {
                let answer = serde_json::to_value(answer).unwrap();
                prop_assert_eq!(&answer["response"]["uid"], "1");
            }
        }
    }

    #[test]
    fn any_json_is_answered(review in any_json()) {
        prop_assert!(admission::read(review.to_string().as_bytes()).is_err());
    }

    #[test]
    fn an_object_that_was_mutated_is_not_mutated_again(
        object in any_object(),
        kind in proptest::sample::select(&KINDS[..]),
        operation in proptest::sample::select(vec!["CREATE", "UPDATE"]),
    ) {
        if let Some(once) = admitted(kind, operation, &object) {
            prop_assert_eq!(admitted(kind, operation, &once), Some(once));
        }
    }
}
