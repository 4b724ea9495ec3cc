//! What is added to an object, as a patch. Pure.

use crate::admission::Request;
use json_patch::{Patch, diff};
use kube::core::admission::Operation;
use mendix_model::admission::{born, completed, guarded};
use mendix_model::manifest::Kind;
use mendix_model::rules::Violation;
use serde_json::Value;

/// The patch; nothing when nothing is missing. `image`: that of the product.
///
/// # Errors
/// Something is asked for that cannot be added.
pub(crate) fn patch(request: &Request, image: &str) -> Result<Option<Patch>, Violation> {
    let Some(before) = object(request) else {
        return Ok(None);
    };
    let after = changed(request, &before, image)?;
    Ok(after.map(|after| diff(&before, &after)))
}

fn object(request: &Request) -> Option<Value> {
    let object = request.object.as_ref()?;
    if request.sub_resource.is_some() || object.metadata.deletion_timestamp.is_some() {
        return None;
    }
    serde_json::to_value(object).ok()
}

fn changed(request: &Request, object: &Value, image: &str) -> Result<Option<Value>, Violation> {
    let created = request.operation == Operation::Create;
    match Kind::of(&request.kind.group, &request.kind.kind) {
        Some(Kind::Pod) if created => pod(object, image),
        Some(Kind::Pod) | None => Ok(None),
        Some(kind) => Ok(completed(kind, created, object)),
    }
}

fn pod(object: &Value, image: &str) -> Result<Option<Value>, Violation> {
    let born = born(object);
    let guarded = guarded(born.as_ref().unwrap_or(object), image)?;
    Ok(guarded.or(born))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The creation of a pod that asks for the guard.
    fn creation(command: &Value) -> Request {
        let metadata = json!({
            "name": "shop", "labels": {"kubectl-mendix.io/environment": "shop"},
            "annotations": {"kubectl-mendix.io/inject-guard": "true"},
        });
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": {"containers": [{"name": "app", "command": command}]},
        });
        serde_json::from_value(json!({
            "uid": "1", "operation": "CREATE", "name": "shop", "namespace": "prod", "userInfo": {}, "dryRun": false,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "object": pod, "oldObject": null, "options": null,
        }))
        .unwrap()
    }

    #[test]
    fn a_pod_gets_the_gate_and_the_guard_that_it_asks_for() {
        let request = creation(&json!(["run"]));
        let patch = patch(&request, "mendix:1").unwrap().unwrap();
        let mut pod = serde_json::to_value(request.object).unwrap();
        json_patch::patch(&mut pod, &patch).unwrap();
        assert_eq!(
            pod["spec"]["schedulingGates"][0]["name"],
            "kubectl-mendix.io/gate"
        );
        assert_eq!(pod["spec"]["initContainers"][0]["image"], "mendix:1");
        assert_eq!(
            pod["spec"]["containers"][0]["command"][0],
            "/run/mendix/guard/mendix"
        );
    }

    #[test]
    fn a_pod_that_cannot_have_the_guard_is_refused() {
        let refused = patch(&creation(&json!(null)), "mendix:1").expect_err("refused");
        assert_eq!(refused.rule, "MX042");
    }
}
