//! What is added to objects while they are admitted, by the webhook. Pure, and idempotent: done twice, it is done once.
//!
//! Objects are JSON: a field that this version does not know must come through as it is, and an object of any form is
//! looked at without an assumption about it.

mod birth;
mod flag;
mod guard;
mod strategy;
#[cfg(test)]
mod tests;

pub use birth::{born, toleration};
pub use guard::guarded;

use crate::manifest::Kind;
use crate::names;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde_json::{Map, Value};

/// A workload with what its pods need to be let start; nothing when nothing is missing, or it is none of ours.
/// `created`: it was not there before.
pub fn completed(kind: Kind, created: bool, object: &Value) -> Option<Value> {
    let template = object.pointer("/spec/template")?;
    let template: PodTemplateSpec = serde_json::from_value(template.clone()).ok()?;
    let labels = template.metadata.as_ref().and_then(|it| it.labels.as_ref())?;
    if !labels.contains_key(names::ENVIRONMENT_LABEL) || labels.contains_key(names::COMPONENT_LABEL) {
        return None;
    }
    let role = labels.get(names::ROLE_LABEL).map(String::as_str);
    let mut completed = object.clone();
    flag::set(kind, role, &template, &mut completed);
    if created && kind == Kind::Deployment && role == Some("leader") {
        strategy::set(&mut completed);
    }
    (completed != *object).then_some(completed)
}

/// The object in a field, made where there is none; nothing where something else is.
fn object<'a>(parent: &'a mut Map<String, Value>, field: &str) -> Option<&'a mut Map<String, Value>> {
    let value = parent.entry(field).or_insert(Value::Null);
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}

/// The same for a list.
fn list<'a>(parent: &'a mut Map<String, Value>, field: &str) -> Option<&'a mut Vec<Value>> {
    let value = parent.entry(field).or_insert(Value::Null);
    if value.is_null() {
        *value = Value::Array(Vec::new());
    }
    value.as_array_mut()
}
