//! What is added to an object, as a patch. Pure.

use crate::admission::Request;
use json_patch::{Patch, diff};
use kube::core::admission::Operation;
use mendix_model::admission::{born, completed};
use mendix_model::manifest::Kind;
use serde_json::Value;

/// The patch; nothing when nothing is missing.
pub(crate) fn patch(request: &Request) -> Option<Patch> {
    let object = request.object.as_ref()?;
    if request.sub_resource.is_some() || object.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let before = serde_json::to_value(object).ok()?;
    let after = changed(request, &before)?;
    Some(diff(&before, &after))
}

fn changed(request: &Request, object: &Value) -> Option<Value> {
    let created = request.operation == Operation::Create;
    match Kind::of(&request.kind.group, &request.kind.kind)? {
        Kind::Pod => created.then(|| born(object))?,
        kind => completed(kind, created, object),
    }
}
