//! The guard before the app of a plain pod, where the manifest asks for it (docs/lease.md).
//!
//! The pod gets what the controller writes into the pods of our own apps: a volume, an init container that hands the guard
//! over, and a command that starts the guard with the app's own command as its child.

use super::birth::is_mirror;
use super::{list, object};
use crate::defaults;
use crate::manifest::{asks_for_guard, guard_program, has_command, of_app};
use crate::names;
use crate::rules::{Violation, unguardable};
use crate::runtime_configuration::{GUARD_FOLDER, variable};
use k8s_openapi::api::core::v1::{Container, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Name of volume and init container; a manifest may have others called `guard`.
const NAME: &str = "kubectl-mendix-guard";
/// As that of our own apps: the binary and room beside it.
const VOLUME_SIZE: &str = "64Mi";
/// Kubernetes' own default, in seconds.
const GRACE: i64 = 30;
/// What a namespace may demand of every container, which the app's then has: the init container has it as well. The user
/// goes along, since what one writes the other reads.
const AS_THE_APP: [&str; 5] = [
    "runAsNonRoot",
    "runAsUser",
    "runAsGroup",
    "seccompProfile",
    "seLinuxOptions",
];

/// A pod of an environment with the guard that it asks for, from the product's own `image`; nothing when it does not ask,
/// has it already, or is no pod that could start: the gate says why.
///
/// # Errors
/// The container of the app says no command: the guard could not start it.
pub fn guarded(pod: &Value, image: &str) -> Result<Option<Value>, Violation> {
    let Some(asking) = Asking::read(pod) else {
        return Ok(None);
    };
    let Ok(container) = of_app(asking.metadata.annotations.as_ref(), &asking.spec) else {
        return Ok(None);
    };
    if !has_command(container) {
        return Err(unguardable(&container.name));
    }
    let grace = asking.spec.termination_grace_period_seconds.unwrap_or(GRACE);
    let guarded = with_guard(pod, container, grace, image);
    Ok(guarded.filter(|guarded| guarded != pod))
}

/// A pod that asks for the guard.
#[derive(Deserialize)]
struct Asking {
    metadata: ObjectMeta,
    spec: PodSpec,
}

impl Asking {
    /// Nothing for pods of other kinds: those of our own apps and tasks have a component, and what a kubelet runs from a
    /// file runs already.
    fn read(pod: &Value) -> Option<Self> {
        let read = Self::deserialize(pod).ok()?;
        let labels = read.metadata.labels.as_ref()?;
        let plain =
            labels.contains_key(names::ENVIRONMENT_LABEL) && !labels.contains_key(names::COMPONENT_LABEL);
        let asks = plain && asks_for_guard(read.metadata.annotations.as_ref()) && !is_mirror(pod);
        asks.then_some(read)
    }
}

fn with_guard(pod: &Value, container: &Container, grace: i64, image: &str) -> Option<Value> {
    let mut guarded = pod.clone();
    let spec = object(guarded.as_object_mut()?, "spec")?;
    let mut containers = list(spec, "containers")?.iter_mut();
    let app = containers.find(|it| it.get("name") == Some(&container.name.as_str().into()));
    let app = app?.as_object_mut()?;
    app.insert("command".to_owned(), json!(command(container, grace)));
    let mounts = list(app, "volumeMounts")?;
    put(
        mounts,
        json!({"name": NAME, "mountPath": GUARD_FOLDER, "readOnly": true}),
    );
    let env = list(app, "env")?;
    for variable in variables() {
        put(env, variable);
    }
    let init = init_container(image, app.get("securityContext"));
    put(list(spec, "initContainers")?, init);
    let volume = json!({"name": NAME, "emptyDir": {"sizeLimit": VOLUME_SIZE}});
    put(list(spec, "volumes")?, volume);
    Some(guarded)
}

/// The guard with the container's command as its child's; `args` come after it by themselves.
fn command(container: &Container, grace: i64) -> Vec<String> {
    let own = container.command.clone().unwrap_or_default();
    let guard = [guard_program(), "guard".to_owned(), "keep".to_owned()];
    if own.starts_with(&guard) {
        return own;
    }
    let options = [format!("--grace={grace}"), "--".to_owned()];
    guard.into_iter().chain(options).chain(own).collect()
}

/// What the guard is told, from the pod itself. Label and annotation are read when the container starts, which is after
/// the gate: by then they are what the controller judged, and nobody else can change them.
fn variables() -> [Value; 4] {
    let of = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}});
    [
        of(variable::POD, "metadata.name"),
        of(variable::NAMESPACE, "metadata.namespace"),
        of(
            variable::ROLE,
            &format!("metadata.labels['{}']", names::ROLE_LABEL),
        ),
        of(
            variable::LEASE,
            &format!("metadata.annotations['{}']", names::LEASE_ANNOTATION),
        ),
    ]
}

fn init_container(image: &str, app: Option<&Value>) -> Value {
    let app = app.and_then(Value::as_object);
    let alike = app.into_iter().flatten();
    let alike = alike.filter(|(name, _)| AS_THE_APP.contains(&name.as_str()));
    let mut security: Map<_, _> = alike.map(|(name, value)| (name.clone(), value.clone())).collect();
    security.insert("allowPrivilegeEscalation".to_owned(), false.into());
    security.insert("readOnlyRootFilesystem".to_owned(), true.into());
    security.insert("capabilities".to_owned(), json!({"drop": ["ALL"]}));
    json!({
        "name": NAME,
        "image": image,
        "command": ["/mendix", "guard", "install", GUARD_FOLDER],
        "resources": defaults::guard_install_resources(),
        "securityContext": security,
        "volumeMounts": [{"name": NAME, "mountPath": GUARD_FOLDER}],
    })
}

/// The entry under its name, once, and in the place of what was there: of two variables with one name the later counts.
/// What says the same and more stays: the API server adds its defaults to what a webhook has added.
fn put(list: &mut Vec<Value>, entry: Value) {
    let name = entry.get("name").cloned();
    let mut found = false;
    list.retain_mut(|it| {
        if it.get("name") != name.as_ref() {
            return true;
        }
        if !found && !covers(it, &entry) {
            *it = entry.clone();
        }
        !std::mem::replace(&mut found, true)
    });
    if !found {
        list.push(entry);
    }
}

/// Whether `there` says all that `wanted` does.
fn covers(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => wanted
            .iter()
            .all(|(name, value)| there.get(name).is_some_and(|it| covers(it, value))),
        (Value::Array(there), Value::Array(wanted)) => {
            there.len() == wanted.len() && there.iter().zip(wanted).all(|(it, value)| covers(it, value))
        }
        _ => there == wanted,
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
