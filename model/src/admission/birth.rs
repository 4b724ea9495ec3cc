//! How pods of an environment are born: as the chart's policy `gate-birth` has it, where the API server cannot do it by
//! itself.

use super::{list, object};
use crate::names::{self, Component};
use k8s_openapi::api::core::v1::Toleration;
use serde_json::{Map, Value, json};

/// Annotation of a pod that a kubelet runs from a file (Kubernetes documentation, "Create static Pods").
const MIRROR: &str = "kubernetes.io/config.mirror";

/// A pod with the gate and the two marks that a copy keeps; nothing when it is of no environment, has them, or is a
/// mirror: that one runs already.
pub fn born(pod: &Value) -> Option<Value> {
    let environment = environment(pod)?.to_owned();
    if is_mirror(pod) {
        return None;
    }
    let mut born = pod.clone();
    let whole = born.as_object_mut()?;
    let annotations = object(object(whole, "metadata")?, "annotations")?;
    annotations.insert(names::ENVIRONMENT_LABEL.to_owned(), environment.as_str().into());
    let spec = object(whole, "spec")?;
    add(
        spec,
        "schedulingGates",
        &|gate| gate.get("name") == Some(&names::GATE.into()),
        json!({ "name": names::GATE }),
    )?;
    // Of texts only, so this cannot fail.
    let toleration = serde_json::to_value(toleration(&environment)).unwrap_or_default();
    add(spec, "tolerations", &is_ours, toleration)?;
    (born != *pod).then_some(born)
}

/// Whether a pod only shows one that a kubelet runs from a file.
pub(super) fn is_mirror(pod: &Value) -> bool {
    annotation(pod, MIRROR).is_some()
}

/// See [`names::ENVIRONMENT_TOLERATION`].
pub fn toleration(environment: &str) -> Toleration {
    Toleration {
        key: Some(names::ENVIRONMENT_TOLERATION.to_owned()),
        operator: Some("Equal".to_owned()),
        value: Some(environment.to_owned()),
        effect: Some("NoSchedule".to_owned()),
        ..Toleration::default()
    }
}

/// By the label, or by a mark that the pod was copied with. The pods of tasks run no app.
fn environment(pod: &Value) -> Option<&str> {
    let label = |name: &str| pod.pointer("/metadata/labels")?.get(name)?.as_str();
    let task = Component::is_task(label(names::COMPONENT_LABEL));
    label(names::ENVIRONMENT_LABEL)
        .filter(|_| !task)
        .or_else(|| annotation(pod, names::ENVIRONMENT_LABEL))
        .or_else(|| tolerated(pod))
}

fn annotation<'a>(pod: &'a Value, name: &str) -> Option<&'a str> {
    pod.pointer("/metadata/annotations")?.get(name)?.as_str()
}

fn tolerated(pod: &Value) -> Option<&str> {
    let tolerations = pod.pointer("/spec/tolerations")?.as_array()?;
    let ours = tolerations.iter().find(|it| is_ours(it))?;
    Some(ours.get("value").and_then(Value::as_str).unwrap_or_default())
}

fn is_ours(toleration: &Value) -> bool {
    toleration.get("key").and_then(Value::as_str) == Some(names::ENVIRONMENT_TOLERATION)
}

/// Adds to a list what is not there yet.
fn add(
    spec: &mut Map<String, Value>,
    field: &str,
    there: &dyn Fn(&Value) -> bool,
    wanted: Value,
) -> Option<()> {
    let list = list(spec, field)?;
    if !list.iter().any(there) {
        list.push(wanted);
    }
    Some(())
}
