use super::{has_ended, may_have_started};
use k8s_openapi::api::core::v1::Pod;
use rstest::rstest;
use serde_json::{Value, json};

/// A pod with containers `guard` (init) and `mendix`, deleted, seen by its kubelet, in this phase.
fn pod(phase: &str, guard: &Value, mendix: &Value) -> Value {
    let status = |name: &str, more: &Value| {
        let mut status =
            json!({ "name": name, "image": "", "imageID": "", "ready": false, "restartCount": 0 });
        status
            .as_object_mut()
            .expect("object")
            .extend(more.as_object().expect("object").clone());
        status
    };
    json!({
        "metadata": { "generation": 3, "deletionTimestamp": "2026-01-01T00:00:00Z" },
        "spec": {
            "nodeName": "one",
            "initContainers": [{ "name": "guard" }],
            "containers": [{ "name": "mendix" }],
        },
        "status": {
            "phase": phase,
            "observedGeneration": 3,
            "initContainerStatuses": [status("guard", guard)],
            "containerStatuses": [status("mendix", mendix)],
        },
    })
}

fn ended() -> Value {
    json!({ "containerID": "containerd://1", "state": { "terminated": { "exitCode": 0, "containerID": "containerd://1" } } })
}

fn running() -> Value {
    json!({ "containerID": "containerd://1", "started": true, "state": { "running": {} } })
}

fn unknown(id: &str) -> Value {
    json!({ "containerID": id, "state": { "terminated": { "exitCode": 137, "reason": "ContainerStatusUnknown" } } })
}

fn waiting() -> Value {
    json!({ "state": { "waiting": { "reason": "ErrImagePull" } } })
}

fn crashed() -> Value {
    json!({
        "containerID": "containerd://1", "restartCount": 1,
        "state": { "waiting": { "reason": "CrashLoopBackOff" } },
        "lastState": { "terminated": { "exitCode": 1, "containerID": "containerd://1" } },
    })
}

fn read(pod: Value) -> Pod {
    serde_json::from_value(pod).expect("pod")
}

fn with(mut pod: Value, pointer: &str, key: &str, value: Value) -> Value {
    let object = pod
        .pointer_mut(pointer)
        .and_then(Value::as_object_mut)
        .expect("object");
    if value.is_null() {
        object.remove(key);
    } else {
        object.insert(key.to_owned(), value);
    }
    pod
}

#[rstest]
#[case::all_ended("Running", &ended(), &ended(), true)]
#[case::final_phase("Failed", &ended(), &ended(), true)]
#[case::still_running("Running", &ended(), &running(), false)]
#[case::failed_but_running("Failed", &ended(), &running(), false)]
#[case::a_sidecar_runs("Failed", &running(), &ended(), false)]
#[case::kubelet_does_not_know("Failed", &ended(), &unknown("containerd://1"), false)]
#[case::never_started("Failed", &ended(), &unknown(""), true)]
#[case::waits_and_may_start_yet("Pending", &ended(), &waiting(), false)]
#[case::waited_to_the_end("Failed", &waiting(), &waiting(), true)]
#[case::between_two_starts("Running", &ended(), &crashed(), false)]
fn a_deleted_pod_has_ended(
    #[case] phase: &str,
    #[case] guard: &Value,
    #[case] mendix: &Value,
    #[case] expected: bool,
) {
    assert_eq!(has_ended(&read(pod(phase, guard, mendix))), expected);
}

#[test]
fn a_deletion_that_the_kubelet_has_not_seen_proves_nothing() {
    let pod = with(
        pod("Running", &ended(), &ended()),
        "/status",
        "observedGeneration",
        json!(2),
    );
    assert!(!has_ended(&read(pod)));
}

#[test]
fn a_pod_that_lives_has_not_ended_between_two_starts() {
    let pod = with(
        pod("Running", &ended(), &ended()),
        "/metadata",
        "deletionTimestamp",
        Value::Null,
    );
    assert!(!has_ended(&read(pod)));
}

#[test]
fn a_finished_pod_has_ended_without_being_deleted() {
    let pod = with(
        pod("Succeeded", &ended(), &ended()),
        "/metadata",
        "deletionTimestamp",
        Value::Null,
    );
    assert!(has_ended(&read(pod)));
}

#[test]
fn an_unbound_pod_that_is_deleted_never_runs() {
    let unbound = with(
        pod("Pending", &waiting(), &waiting()),
        "/spec",
        "nodeName",
        Value::Null,
    );
    assert!(has_ended(&read(unbound.clone())));
    let alive = with(unbound, "/metadata", "deletionTimestamp", Value::Null);
    assert!(!has_ended(&read(alive)));
}

/// Its kubelet deletes it last of all.
#[test]
fn a_mirror_that_is_deleted_has_ended() {
    let mut mirror = pod("Running", &ended(), &running());
    mirror["metadata"]["annotations"] = json!({ "kubernetes.io/config.mirror": "hash" });
    assert!(has_ended(&read(mirror.clone())));
    mirror["metadata"]["deletionTimestamp"] = Value::Null;
    assert!(!has_ended(&read(mirror)));
}

/// An ephemeral container counts like any other.
#[test]
fn an_ephemeral_container_that_runs_keeps_the_pod() {
    let debugged = with(
        pod("Failed", &ended(), &ended()),
        "/spec",
        "ephemeralContainers",
        json!([{ "name": "debug" }]),
    );
    let mut status = running();
    status["name"] = json!("debug");
    for (key, value) in [
        ("image", json!("")),
        ("imageID", json!("")),
        ("ready", json!(false)),
        ("restartCount", json!(0)),
    ] {
        status[key] = value;
    }
    let debugged = with(debugged, "/status", "ephemeralContainerStatuses", json!([status]));
    assert!(!has_ended(&read(debugged)));
}

#[rstest]
#[case::kubelet_said_it("Failed", Value::Null, true)]
#[case::garbage_collector_said_it("Failed", json!([{ "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC" }]), false)]
#[case::nobody_said_it("Running", Value::Null, false)]
fn before_observed_generation_only_the_kubelets_final_phase_counts(
    #[case] phase: &str,
    #[case] conditions: Value,
    #[case] expected: bool,
) {
    let old = with(
        pod(phase, &ended(), &ended()),
        "/status",
        "observedGeneration",
        Value::Null,
    );
    let old = with(old, "/status", "conditions", conditions);
    assert_eq!(has_ended(&read(old)), expected);
}

#[rstest]
#[case::ran(&ended(), true)]
#[case::runs(&running(), true)]
#[case::crashed(&crashed(), true)]
#[case::waits(&waiting(), false)]
#[case::no_image(&unknown(""), false)]
fn a_container_may_have_started(#[case] mendix: &Value, #[case] expected: bool) {
    assert_eq!(
        may_have_started(&read(pod("Failed", &ended(), mendix)), "mendix"),
        expected
    );
}

#[test]
fn a_container_without_a_status_may_have_started_until_the_end() {
    let silent = |phase| {
        with(
            pod(phase, &ended(), &ended()),
            "/status",
            "containerStatuses",
            Value::Null,
        )
    };
    assert!(may_have_started(&read(silent("Running")), "mendix"));
    assert!(!may_have_started(&read(silent("Failed")), "mendix"));
}
