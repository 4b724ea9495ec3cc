//! Strategy `Recreate` of a Deployment that leads.

use serde_json::{Value, json};

/// Replaces the whole strategy: at its creation an object has the defaults of `RollingUpdate` already, and both do not go
/// together.
pub(super) fn set(object: &mut Value) {
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.insert("strategy".to_owned(), json!({ "type": "Recreate" }));
    }
}
