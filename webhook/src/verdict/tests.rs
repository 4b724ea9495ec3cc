use super::*;
use crate::known::Subject;
use kube::core::admission::AdmissionRequest;
use rstest::rstest;
use serde_json::json;

fn leader(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "prod"},
        "spec": {"replicas": 1, "strategy": {"type": "Recreate"}, "template": {
            "metadata": {"labels": {"kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": "leader"}},
            "spec": {"containers": [{"name": "app", "env": [
                {"name": "CF_INSTANCE_INDEX", "value": "0"},
                {"name": "DATABASE_ENDPOINT", "value": "postgres://u:hunter2@db/shop"},
            ]}]},
        }},
    })
}

fn worker(name: &str) -> Value {
    let mut worker = leader(name);
    worker["spec"]["template"]["metadata"]["labels"]["kubectl-mendix.io/role"] = json!("worker");
    worker["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = json!("1");
    worker
}

fn known(deployments: &[Value]) -> Objects {
    let mut known = Objects::default();
    for deployment in deployments {
        known.put(
            Subject::Deployments,
            &serde_json::from_value(deployment.clone()).unwrap(),
        );
    }
    known
}

/// A request as an API server sends it. `kind`: group, version, kind, resource, subresource.
fn request(
    kind: [&str; 5],
    name: &str,
    object: &Value,
    old: &Value,
    options: &Value,
) -> AdmissionRequest<DynamicObject> {
    let [group, version, kind, resource, subresource] = kind;
    serde_json::from_value(json!({
        "uid": "1",
        "kind": {"group": group, "version": version, "kind": kind},
        "resource": {"group": if subresource.is_empty() { group } else { "apps" }, "version": "v1", "resource": resource},
        "subResource": if subresource.is_empty() { Value::Null } else { json!(subresource) },
        "operation": if object.is_null() { "DELETE" } else if old.is_null() { "CREATE" } else { "UPDATE" },
        "name": name, "namespace": "prod", "userInfo": {}, "object": object, "oldObject": old, "options": options,
        "dryRun": false,
    }))
    .unwrap()
}

fn judged(request: &AdmissionRequest<DynamicObject>, known: &Objects) -> Verdict {
    let asked = Asked {
        request,
        scaled: None,
    };
    judge(&asked, known)
}

const DEPLOYMENT: [&str; 5] = ["apps", "v1", "Deployment", "deployments", ""];

fn of_deployment(object: &Value, old: &Value, known: &Objects) -> Verdict {
    judged(&request(DEPLOYMENT, "shop", object, old, &Value::Null), known)
}

#[test]
fn all_violations_are_told_at_once_and_no_value() {
    let mut wrong = leader("shop");
    wrong["spec"]["replicas"] = json!(2);
    wrong["spec"]["strategy"] = json!({"type": "RollingUpdate"});
    let verdict = of_deployment(&wrong, &Value::Null, &known(&[leader("other")]));
    let ids: Vec<_> = verdict.refusals.iter().map(|it| &it[..5]).collect();
    assert_eq!(ids, ["MX030", "MX031", "MX033"]);
    assert!(!format!("{verdict:?}").contains("hunter2"), "{verdict:?}");
}

#[test]
fn what_is_known_of_an_object_itself_does_not_count() {
    let verdict = of_deployment(&leader("shop"), &Value::Null, &known(&[leader("shop")]));
    assert_eq!(verdict, Verdict::default());
}

#[test]
fn a_leader_that_was_let_in_before_can_be_annotated_and_deleted() {
    let mut old = leader("shop");
    old["spec"]["strategy"] = json!({"type": "RollingUpdate"});
    let mut annotated = old.clone();
    annotated["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "2"});
    assert_eq!(of_deployment(&annotated, &old, &known(&[])), Verdict::default());
    let mut leaving = leader("shop");
    leaving["spec"]["replicas"] = json!(2);
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    assert_eq!(of_deployment(&leaving, &old, &known(&[])), Verdict::default());
}

#[test]
fn a_worker_before_its_leader_is_a_warning() {
    let verdict = of_deployment(&worker("worker"), &Value::Null, &known(&[]));
    assert!(
        verdict.refusals.is_empty() && verdict.warnings[0].starts_with("MX039"),
        "{verdict:?}"
    );
}

#[rstest]
#[case::more(leader("shop"), 2, &["MX031"])]
#[case::one(leader("shop"), 1, &[])]
#[case::none(leader("shop"), 0, &[])]
#[case::workers(worker("shop"), 9, &[])]
fn a_leader_is_found_by_the_name_in_a_scale(
    #[case] deployment: Value,
    #[case] replicas: i32,
    #[case] expected: &[&str],
) {
    let known = known(&[deployment]);
    let scale = |replicas: i32| {
        json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "shop", "namespace": "prod"},
            "spec": {"replicas": replicas}})
    };
    let kind = ["autoscaling", "v1", "Scale", "deployments", "scale"];
    let verdict = judged(
        &request(kind, "shop", &scale(replicas), &scale(1), &Value::Null),
        &known,
    );
    let ids: Vec<_> = verdict.refusals.iter().map(|it| &it[..5]).collect();
    assert_eq!(ids, expected);
}

#[test]
fn an_autoscaler_is_refused_from_either_side() {
    let scaler = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "load", "namespace": "prod"},
        "spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}},
    });
    let kind = [
        "autoscaling",
        "v2",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        "",
    ];
    let verdict = judged(
        &request(kind, "load", &scaler, &Value::Null, &Value::Null),
        &known(&[leader("shop")]),
    );
    assert!(verdict.refusals[0].starts_with("MX032"), "{verdict:?}");
    let mut known = known(&[]);
    known.put(Subject::Autoscalers, &serde_json::from_value(scaler).unwrap());
    let verdict = of_deployment(&leader("shop"), &Value::Null, &known);
    assert!(verdict.refusals[0].starts_with("MX032"), "{verdict:?}");
}

#[test]
fn what_a_deployment_makes_was_judged_with_it() {
    let mut set = leader("shop-1");
    set["kind"] = json!("ReplicaSet");
    set["spec"]["replicas"] = json!(2);
    let kind = ["apps", "v1", "ReplicaSet", "replicasets", ""];
    let refused = judged(
        &request(kind, "shop-1", &set, &Value::Null, &Value::Null),
        &known(&[]),
    );
    assert_eq!(refused.refusals.len(), 1, "{refused:?}");
    set["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop", "uid": "1", "controller": true}]);
    let verdict = judged(
        &request(kind, "shop-1", &set, &Value::Null, &Value::Null),
        &known(&[]),
    );
    assert_eq!(verdict, Verdict::default());
}

#[rstest]
#[case::forced(json!({"gracePeriodSeconds": 0}), 1)]
#[case::in_its_time(json!({"gracePeriodSeconds": 30}), 0)]
#[case::as_the_pod_says(json!(null), 0)]
fn a_forced_deletion_of_a_leader_is_warned_of(#[case] options: Value, #[case] warnings: usize) {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {
        "name": "shop-1", "finalizers": ["kubectl-mendix.io/active"],
        "labels": {"kubectl-mendix.io/environment": "shop", "kubectl-mendix.io/role": "leader"},
    }, "spec": {}});
    let kind = ["", "v1", "Pod", "pods", ""];
    let verdict = judged(
        &request(kind, "shop-1", &Value::Null, &pod, &options),
        &known(&[]),
    );
    assert_eq!(
        (verdict.refusals.len(), verdict.warnings.len()),
        (0, warnings),
        "{verdict:?}"
    );
}

#[test]
fn who_holds_the_database_is_asked() {
    let claim = json!({
        "apiVersion": "guard.kubectl-mendix.io/v1alpha1", "kind": "DatabaseClaim",
        "metadata": {"name": claim_of("postgres://db/shop"), "labels": {
            "kubectl-mendix.io/environment": "crm", "kubectl-mendix.io/namespace": "test",
        }},
    });
    let mut known = known(&[]);
    known.put(Subject::Claims, &serde_json::from_value(claim).unwrap());
    let verdict = of_deployment(&leader("shop"), &Value::Null, &known);
    assert!(verdict.refusals[0].starts_with("MX034"), "{verdict:?}");
    assert!(!verdict.refusals[0].contains("crm"), "{verdict:?}");
}

/// Name of the claim of the database that a variable names in namespace `prod`.
fn claim_of(address: &str) -> String {
    let variables = [("DATABASE_ENDPOINT".to_owned(), address.to_owned())].into();
    let identity = mendix_model::database::from_variables(&variables, "prod").identity;
    identity
        .unwrap()
        .unwrap()
        .claim(&mendix_model::crd::claim::Owner::default())
}
