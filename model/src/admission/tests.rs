use super::*;
use crate::manifest::Workload;
use crate::rules::{Case, review_workload};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

fn pod(metadata: &Value, spec: &Value) -> Value {
    json!({"metadata": metadata, "spec": spec})
}

#[rstest]
#[case::label(json!({"labels": {"kubectl-mendix.io/environment": "shop"}}), json!({}), true)]
#[case::annotation(json!({"annotations": {"kubectl-mendix.io/environment": "shop"}}), json!({}), true)]
#[case::toleration(json!({}), json!({"tolerations": [{"key": "kubectl-mendix.io/environment", "value": "shop"}]}), true)]
#[case::of_ours(json!({"labels": {"kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/component": "runtime"}}),
    json!({}), true)]
#[case::task(json!({"labels": {"kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/component": "builder"}}),
    json!({}), false)]
#[case::mirror(json!({"labels": {"kubectl-mendix.io/environment": "shop"},
    "annotations": {"kubernetes.io/config.mirror": "0"}}), json!({}), false)]
#[case::other(json!({"labels": {"app": "shop"}}), json!({}), false)]
fn pods_of_an_environment_are_born_with_the_gate(
    #[case] metadata: Value,
    #[case] spec: Value,
    #[case] gated: bool,
) {
    let born = born(&pod(&metadata, &spec));
    assert_eq!(born.is_some(), gated);
    let Some(born) = born else { return };
    assert_eq!(
        born["spec"]["schedulingGates"],
        json!([{"name": "kubectl-mendix.io/gate"}])
    );
    assert_eq!(
        born["metadata"]["annotations"]["kubectl-mendix.io/environment"],
        "shop"
    );
    assert_eq!(born["spec"]["tolerations"].as_array().map(Vec::len), Some(1));
    assert_eq!(born["spec"]["tolerations"][0]["value"], "shop");
}

#[test]
fn what_a_pod_brings_along_stays() {
    let metadata = json!({"labels": {"kubectl-mendix.io/environment": "shop"}, "annotations": {"a": "b"}});
    let spec = json!({"schedulingGates": [{"name": "queue"}], "tolerations": [{"key": "spot"}], "new": 1});
    let born = born(&pod(&metadata, &spec)).expect("changed");
    assert_eq!(born["spec"]["schedulingGates"][0]["name"], "queue");
    assert_eq!(born["spec"]["tolerations"][0]["key"], "spot");
    assert_eq!(
        (&born["spec"]["new"], &born["metadata"]["annotations"]["a"]),
        (&json!(1), &json!("b"))
    );
}

fn deployment(role: &str, env: &Value) -> Value {
    json!({
        "metadata": {"name": "shop"},
        "spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}, "template": {
            "metadata": {"labels": {"kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": role}},
            "spec": {"containers": [{"name": "app", "env": env}]},
        }},
    })
}

fn env() -> Value {
    json!([{"name": "DATABASE_ENDPOINT", "value": "postgres://db/shop"}])
}

#[rstest]
#[case::leader("leader", "0")]
#[case::worker("worker", "1")]
fn a_buildpack_is_told_who_leads(#[case] role: &str, #[case] index: &str) {
    let completed = completed(Kind::Deployment, false, &deployment(role, &env())).expect("changed");
    let env = &completed["spec"]["template"]["spec"]["containers"][0]["env"];
    assert_eq!(env[1], json!({"name": "CF_INSTANCE_INDEX", "value": index}));
}

#[rstest]
#[case::portable("worker", json!([{"name": "RUNTIME_PARAMS_DATABASETYPE", "value": "x"}]))]
#[case::peer("peer", env())]
#[case::says_another("worker", json!([{"name": "CF_INSTANCE_INDEX", "value": "0"}]))]
#[case::says_so("worker", json!([{"name": "CF_INSTANCE_INDEX", "value": "3"}]))]
#[case::contradicted("worker", json!([{"name": "MXRUNTIME_com_mendix_core_isClusterSlave", "value": "false"}]))]
fn other_variables_are_left_as_they_are(#[case] role: &str, #[case] env: Value) {
    assert_eq!(completed(Kind::Deployment, false, &deployment(role, &env)), None);
}

#[rstest]
#[case::created("leader", Kind::Deployment, true, true)]
#[case::changed("leader", Kind::Deployment, false, false)]
#[case::worker("worker", Kind::Deployment, true, false)]
#[case::set("leader", Kind::StatefulSet, true, false)]
fn a_leader_is_created_to_be_recreated(
    #[case] role: &str,
    #[case] kind: Kind,
    #[case] created: bool,
    #[case] recreated: bool,
) {
    let before = deployment(role, &env());
    let after = completed(kind, created, &before).unwrap_or(before);
    assert_eq!(
        after["spec"]["strategy"] == json!({"type": "Recreate"}),
        recreated
    );
}

#[test]
fn what_was_completed_is_not_refused() {
    for role in ["leader", "worker"] {
        let mut object = completed(Kind::Deployment, true, &deployment(role, &env())).expect("changed");
        object["kind"] = json!("Deployment");
        let workload = Workload::read("apps", "Deployment", "prod", &object).expect("readable");
        let said = review_workload(&Case {
            workload: &workload.expect("of interest"),
            others: &[],
            holder: None,
        });
        assert!(said.iter().all(|it| it.rule == "MX039"), "{said:?}");
    }
}

/// Words at which something is done.
const WORDS: [&str; 27] = [
    "metadata",
    "spec",
    "labels",
    "annotations",
    "template",
    "containers",
    "env",
    "name",
    "value",
    "tolerations",
    "schedulingGates",
    "strategy",
    "type",
    "key",
    "app",
    "leader",
    "worker",
    "CF_INSTANCE_INDEX",
    "DATABASE_URL",
    "postgres://db/shop",
    "kubectl-mendix.io/environment",
    "kubectl-mendix.io/role",
    "kubectl-mendix.io/gate",
    "kubectl-mendix.io/container",
    "kubectl-mendix-guard",
    "MENDIX_ROLE",
    "runAsUser",
];

/// Any JSON, often with the words above.
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

/// Puts any JSON somewhere into an object that something is done to.
fn damaged(base: Value) -> impl Strategy<Value = Value> {
    let places = [
        "/metadata",
        "/metadata/labels",
        "/spec",
        "/spec/template",
        "/spec/template/metadata/labels",
        "/spec/template/spec",
        "/spec/template/spec/containers",
        "/spec/template/spec/containers/0",
        "/spec/template/spec/containers/0/env",
        "/spec/containers",
        "/spec/containers/0",
        "/spec/containers/0/command",
        "/spec/containers/0/env",
        "/spec/containers/0/securityContext",
        "/spec/initContainers",
        "/spec/volumes",
        "/spec/tolerations",
        "/spec/schedulingGates",
        "/spec/nothing",
    ];
    (proptest::sample::select(places.to_vec()), any_json()).prop_map(move |(place, damage)| {
        let mut object = base.clone();
        if let Some(value) = object.pointer_mut(place) {
            *value = damage;
        }
        object
    })
}

fn any_object() -> impl Strategy<Value = Value> {
    let labelled = pod(
        &json!({"labels": {"kubectl-mendix.io/environment": "shop"}}),
        &json!({"tolerations": [], "schedulingGates": []}),
    );
    let metadata = json!({
        "labels": {"kubectl-mendix.io/environment": "shop"}, "annotations": {"kubectl-mendix.io/inject-guard": "true"},
    });
    let app =
        json!({"name": "app", "command": ["run"], "env": [], "volumeMounts": [], "securityContext": {}});
    let asking = pod(
        &metadata,
        &json!({"containers": [app], "initContainers": [], "volumes": []}),
    );
    prop_oneof![
        any_json(),
        damaged(deployment("leader", &env())),
        damaged(deployment("worker", &json!(null))),
        damaged(labelled),
        damaged(asking)
    ]
}

proptest! {
    #[test]
    fn done_twice_is_done_once(object in any_object(), created: bool) {
        if let Some(once) = born(&object) {
            prop_assert_eq!(born(&once), None);
        }
        if let Ok(Some(once)) = guarded(&object, "mendix:1") {
            prop_assert_eq!(guarded(&once, "mendix:1"), Ok(None));
        }
        for kind in [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::ReplicaSet] {
            if let Some(once) = completed(kind, created, &object) {
                prop_assert_eq!(completed(kind, created, &once), None);
            }
        }
    }
}
