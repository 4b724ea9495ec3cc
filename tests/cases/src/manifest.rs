//! The app that most cases start from.

use serde_json::{Value, json};

/// An app with stores that live and die with it, so that a case that is not about stores is quick.
pub fn app(namespace: &str, name: &str, source_url: &str) -> Value {
    json!({
        "apiVersion": "privatecloud.mendix.com/v1alpha1",
        "kind": "MendixApp",
        "metadata": { "name": name, "namespace": namespace },
        "spec": {
            "database": { "servicePlan": "memory" },
            "storage": { "servicePlan": "container" },
            "sourceURL": source_url,
            "runtime": { "dtapMode": "D" },
        },
    })
}
