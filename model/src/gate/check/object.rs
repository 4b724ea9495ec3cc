//! A pod as the API server shows it, so that the proof of its end is judged by the code that judges real ones.

use super::setup::{MODELS, Setup, Slot, Without};
use super::state::{Life, PodState, Process, Report};
use crate::gate::ending::{has_ended, may_have_started};
use crate::gate::{Database, Gate, Pod};
use k8s_openapi::api::core::v1::Pod as Object;
use serde_json::{Value, json};

/// Name of the only container.
const CONTAINER: &str = "mendix";

/// The pod of a slot as `decide` sees it, but for its mark.
pub(super) fn seen(setup: &Setup, slot: usize, state: &PodState) -> Pod {
    let Slot {
        role,
        model,
        claimed,
        contradicts,
        ..
    } = setup.slots[slot].clone();
    let object = object(state);
    let ended = match setup.without {
        Without::Proof => state.deleted || state.collected,
        _ => has_ended(&object),
    };
    Pod {
        uid: slot.to_string(),
        name: format!("pod{slot}"),
        role,
        model: model.map(|model| MODELS[usize::from(model)].to_owned()),
        gate: if state.gated { Gate::Closed } else { Gate::Open },
        mark: None,
        finalizer: state.finalizer,
        deleted: state.deleted,
        ended,
        started: may_have_started(&object, CONTAINER),
        ready: state.report == Report::Ready,
        database: if claimed {
            Database::Claimed
        } else {
            Database::Other("another database".to_owned())
        },
        contradiction: contradicts.then(|| "a worker without the worker's flag".to_owned()),
        synchronises: false,
        outdated: None,
    }
}

/// The object, in the words of the API server and of the kubelet.
fn object(state: &PodState) -> Object {
    debug_assert!(state.life == Life::Here, "only objects that are there are listed");
    let conditions = if state.collected {
        json!([{ "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC" }])
    } else {
        json!([])
    };
    let pod = json!({
        "metadata": {
            "generation": 1 + i64::from(state.deleted),
            "deletionTimestamp": state.deleted.then_some("2026-01-01T00:00:00Z"),
        },
        "spec": { "containers": [{ "name": CONTAINER }], "nodeName": state.bound.then_some("node") },
        "status": {
            "phase": phase(state),
            "conditions": conditions,
            "observedGeneration": (state.report != Report::Nothing || state.report_seen)
                .then(|| 1 + i64::from(state.report_seen)),
            "containerStatuses": statuses(state),
        },
    });
    serde_json::from_value(pod).unwrap_or_default()
}

fn phase(state: &PodState) -> &'static str {
    let finished = state.report_seen && matches!(state.report, Report::Ended | Report::Nothing);
    match state.report {
        _ if state.collected || finished => "Failed",
        Report::Nothing => "Pending",
        _ => "Running",
    }
}

fn statuses(state: &PodState) -> Value {
    let status = |id: &str, container: &Value| {
        json!([{
            "name": CONTAINER, "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "containerID": id, "state": container,
        }])
    };
    match state.report {
        Report::Nothing if state.report_seen => status("", &json!({ "waiting": {} })),
        Report::Nothing => Value::Null,
        Report::Running | Report::Ready => status("containerd://1", &json!({ "running": {} })),
        Report::Ended => {
            let ended = json!({ "terminated": { "exitCode": 1, "containerID": "containerd://1" } });
            status("containerd://1", &ended)
        }
    }
}

/// What the kubelet writes now.
pub(super) fn report(state: &PodState) -> (Report, bool) {
    let report = match state.process {
        Process::Never => Report::Nothing,
        Process::Running if state.report == Report::Ready => Report::Ready,
        Process::Running => Report::Running,
        Process::Ended => Report::Ended,
    };
    (report, state.seen)
}
