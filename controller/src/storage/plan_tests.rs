use super::*;
use mendix_model::crd::storage::{Provisioner, Purpose};
use mendix_model::crd::{StorageInstanceSpec, StoragePlanSpec};
use rstest::rstest;
use serde_json::{Value, json};

fn instance(name: &str) -> StorageInstance {
    let spec = StorageInstanceSpec {
        plan_name: "postgres".to_owned(),
        purpose: Purpose::Database,
        environment: "shop".to_owned(),
    };
    let mut instance = StorageInstance::new(name, spec);
    instance.metadata.namespace = Some("prod".to_owned());
    instance.metadata.uid = Some(format!("uid-{name}"));
    instance
}

/// An instance that our finalizer is on, with this record in its status.
fn started(secret_name: Option<&str>) -> StorageInstance {
    let mut instance = instance("shop-database");
    instance.metadata.finalizers = Some(vec![names::STORAGE_FINALIZER.to_owned()]);
    instance.status = Some(StorageInstanceStatus {
        secret_name: secret_name.map(ToOwned::to_owned),
        ..StorageInstanceStatus::default()
    });
    instance
}

pub(crate) fn deleted(secret_name: Option<&str>) -> StorageInstance {
    let mut instance = started(secret_name);
    instance.metadata.deletion_timestamp =
        serde_json::from_value(json!("2026-01-01T00:00:00Z")).expect("time");
    instance
}

fn storage_plan(type_: PlanType, purpose: Option<Purpose>) -> StoragePlan {
    let spec = StoragePlanSpec {
        type_: Some(type_),
        purpose,
        provisioner: Some(Provisioner {
            args: Some(vec!["{{.Action}}".to_owned(), "postgres".to_owned()]),
            admin_secret_name: Some("admin".to_owned()),
            ..Provisioner::default()
        }),
    };
    StoragePlan::new("postgres", spec)
}

fn secret(instance: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some("shop-database".to_owned()),
        labels: Some([(names::STORAGE_INSTANCE_LABEL.to_owned(), instance.to_owned())].into()),
        ..ObjectMeta::default()
    }
}

fn pod(name: &str, phase: &str, message: &str) -> Pod {
    let value: Value = json!({
        "metadata": {
            "name": name, "namespace": "prod", "uid": "uid-pod",
            "annotations": {"kubectl-mendix.io/input": "uid-shop-database"},
            "ownerReferences": [{"apiVersion": "v", "kind": "StorageInstance", "name": "shop-database",
                "uid": "uid-shop-database", "controller": true}],
        },
        "status": {"phase": phase, "containerStatuses": [{
            "name": "task", "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "state": if message.is_empty() { json!({}) } else { json!({"terminated": {"exitCode": 1, "message": message}}) },
        }]},
    });
    serde_json::from_value(value).expect("pod")
}

pub(crate) fn observed() -> Observed {
    Observed {
        plan: Some(storage_plan(PlanType::OnDemand, Some(Purpose::Database))),
        image: "mendix:test".to_owned(),
        ..Observed::default()
    }
}

fn reason(plan: &Plan) -> &'static str {
    match &plan.report.progress {
        Progress::Ready => "Ready",
        Progress::Working { reason, .. } | Progress::Stalled { reason, .. } => reason,
    }
}

fn writes(plan: &Plan) -> bool {
    let Plan {
        add_finalizer,
        create,
        delete_secret,
        delete_pods,
        remove_finalizer,
        report: _,
    } = plan;
    *add_finalizer
        || create.is_some()
        || delete_secret.is_some()
        || !delete_pods.is_empty()
        || *remove_finalizer
}

#[test]
fn the_finalizer_goes_on_with_the_first_pod() {
    let plan = plan(&instance("shop-database"), &observed());
    assert!(plan.add_finalizer);
    assert_eq!(
        plan.create.map(|pod| pod.name_any()).as_deref(),
        Some("shop-database")
    );
}

#[rstest]
#[case::no_plan(Observed { plan: None, ..observed() }, "PlanMissing")]
#[case::other_purpose(Observed { plan: Some(storage_plan(PlanType::OnDemand, Some(Purpose::File))), ..observed() }, "PlanPurpose")]
#[case::foreign_secret(Observed { secret: Some(ObjectMeta::default()), ..observed() }, "SecretExists")]
#[case::no_provisioner(
    Observed { plan: Some(StoragePlan::new("postgres", StoragePlanSpec { type_: None, purpose: None, provisioner: None })), ..observed() },
    "PlanInvalid"
)]
fn nothing_is_made_when_a_check_fails(#[case] observed: Observed, #[case] expected: &str) {
    let plan = plan(&instance("shop-database"), &observed);
    assert_eq!(reason(&plan), expected);
    assert!(!writes(&plan));
}

#[test]
fn a_missing_plan_is_told_with_the_ways_on() {
    let plan = plan(
        &instance("shop-database"),
        &Observed {
            plan: None,
            ..observed()
        },
    );
    assert_eq!(
        plan.report.progress.word(),
        "storage plan postgres does not exist in namespace prod: create it or change spec.database.servicePlan"
    );
}

#[rstest]
#[case::at_work(pod("shop-database", "Running", ""), None, "Provisioning")]
#[case::at_work_with_secret(
    pod("shop-database", "Running", ""),
    Some(secret("shop-database")),
    "Provisioning"
)]
#[case::failed(
    pod("shop-database", "Failed", "password refused"),
    None,
    "ProvisioningFailed"
)]
#[case::without_secret(pod("shop-database", "Succeeded", ""), None, "ProvisioningFailed")]
#[case::foreign_secret(
    pod("shop-database", "Succeeded", ""),
    Some(secret("other")),
    "ProvisioningFailed"
)]
#[case::done(pod("shop-database", "Succeeded", ""), Some(secret("shop-database")), "Ready")]
fn success_is_a_pod_that_ended_well_and_its_secret(
    #[case] pod: Pod,
    #[case] secret: Option<ObjectMeta>,
    #[case] expected: &str,
) {
    let plan = plan(
        &started(None),
        &Observed {
            pod: Some(pod),
            secret,
            ..observed()
        },
    );
    assert_eq!(reason(&plan), expected);
    // A failed pod is kept for people; a good one until its result is recorded.
    assert!(!writes(&plan));
}

#[test]
fn the_cause_and_the_way_to_try_again_are_told() {
    let pod = pod("shop-database", "Failed", "password refused");
    let plan = plan(
        &started(None),
        &Observed {
            pod: Some(pod),
            ..observed()
        },
    );
    assert_eq!(
        plan.report.progress.word(),
        "failed to provision the database: password refused; to try again: kubectl delete pod shop-database -n prod"
    );
}

#[test]
fn a_pod_is_deleted_once_its_result_is_recorded() {
    let pod = pod("shop-database", "Succeeded", "");
    let observed = Observed {
        pod: Some(pod),
        secret: Some(secret("shop-database")),
        ..observed()
    };
    assert!(plan(&started(None), &observed).delete_pods.is_empty());
    assert_eq!(
        plan(&started(Some("shop-database")), &observed).delete_pods.len(),
        1
    );
}

#[rstest]
#[case::of_another_plan(Observed { plan: None, secret: Some(secret("shop-database")), ..observed() }, "Ready")]
#[case::lost_secret(observed(), "SecretLost")]
fn a_store_that_was_made_is_never_made_again(#[case] observed: Observed, #[case] expected: &str) {
    let plan = plan(&started(Some("shop-database")), &observed);
    assert_eq!(reason(&plan), expected);
    assert_eq!(plan.create, None);
    assert_eq!(plan.report.status.secret_name.as_deref(), Some("shop-database"));
}

#[test]
fn a_restored_instance_finds_its_store_again() {
    let plan = plan(
        &instance("shop-database"),
        &Observed {
            secret: Some(secret("shop-database")),
            ..observed()
        },
    );
    assert_eq!((reason(&plan), plan.create.is_none()), ("Ready", true));
}

#[rstest]
#[case::shared(PlanType::OnDemand, None)]
#[case::dedicated(PlanType::Dedicated, Some("other-database"))]
fn a_dedicated_plan_serves_one(#[case] type_: PlanType, #[case] named: Option<&str>) {
    let mut other = instance("other-database");
    other.metadata.finalizers = Some(vec![names::STORAGE_FINALIZER.to_owned()]);
    let own = instance("shop-database");
    let observed = Observed {
        plan: Some(storage_plan(type_, None)),
        instances: vec![own.clone(), other.clone()],
        ..observed()
    };
    let plan_of_own = plan(&own, &observed);
    assert_eq!(plan_of_own.create.is_none(), named.is_some());
    if let Some(name) = named {
        assert!(plan_of_own.report.progress.word().contains(name));
    }
    assert!(plan(&other, &observed).create.is_some());
}

#[test]
fn a_store_stays_while_pods_of_the_app_exist() {
    let runtime_pods = vec![Pod::default()];
    let plan = plan(
        &deleted(Some("shop-database")),
        &Observed {
            runtime_pods,
            ..observed()
        },
    );
    assert!(!writes(&plan));
    assert!(plan.report.requeue.is_some());
}

#[test]
fn a_store_stays_while_a_deployment_may_make_pods() {
    let deployments = vec![k8s_openapi::api::apps::v1::Deployment::default()];
    let plan = plan(
        &deleted(Some("shop-database")),
        &Observed {
            deployments,
            ..observed()
        },
    );
    assert!(!writes(&plan));
}

#[rstest]
#[case::provisioned(Some("shop-database"))]
#[case::half_done(None)]
fn the_deprovision_pod_runs_also_for_what_was_half_done(#[case] secret_name: Option<&str>) {
    let plan = plan(&deleted(secret_name), &observed());
    let pod = plan.create.expect("pod");
    assert_eq!(
        (pod.name_any().as_str(), pod.owner_references().len()),
        ("shop-database-deprovision", 0)
    );
    assert!(!plan.remove_finalizer);
}

#[test]
fn the_finalizer_goes_last() {
    let deprovision_pod = Some(pod("shop-database-deprovision", "Succeeded", ""));
    let plan = plan(
        &deleted(Some("shop-database")),
        &Observed {
            deprovision_pod,
            secret: Some(secret("shop-database")),
            ..observed()
        },
    );
    assert!(plan.remove_finalizer && plan.delete_secret.is_some());
    assert_eq!(plan.delete_pods.len(), 1);
}

#[test]
fn the_success_of_an_earlier_instance_counts_for_nothing() {
    let mut earlier = pod("shop-database-deprovision", "Succeeded", "");
    earlier
        .annotations_mut()
        .insert(names::INPUT_ANNOTATION.to_owned(), "uid-earlier".to_owned());
    let plan = plan(
        &deleted(Some("shop-database")),
        &Observed {
            deprovision_pod: Some(earlier),
            ..observed()
        },
    );
    assert!(!plan.remove_finalizer);
    assert_eq!(plan.delete_pods.len(), 1);
}

#[rstest]
#[case::no_plan(Observed { plan: None, ..observed() })]
#[case::failed(Observed { deprovision_pod: Some(pod("shop-database-deprovision", "Failed", "role owns objects")), ..observed() })]
fn what_cannot_be_taken_down_stays_and_the_way_out_is_told(#[case] observed: Observed) {
    let plan = plan(&deleted(None), &observed);
    assert!(!writes(&plan));
    assert!(
        plan.report
            .progress
            .word()
            .contains("kubectl patch storageinstance shop-database -n prod --type=json")
    );
}
