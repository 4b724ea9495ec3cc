//! The part of an object that we set.

use super::FIELD_MANAGER;
use serde_json::{Map, Value, json};

/// What this plugin applied before and still owns, as a manifest.
///
/// A server-side apply takes away every field that its manager set before and leaves out now. So a change of one
/// field must repeat all others that are ours; those of other managers must stay out, or they would become ours.
pub(super) fn owned(live: &Value) -> Value {
    let fields = live
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array)
        .and_then(|entries| entries.iter().find(|entry| is_ours(entry)))
        .and_then(|entry| entry.get("fieldsV1"));
    let part = |name: &str| {
        let fields = fields.and_then(|fields| fields.get(format!("f:{name}")));
        fields.and_then(|fields| projection(live.get(name)?, fields))
    };
    let mut metadata = part("metadata").unwrap_or_else(|| json!({}));
    metadata["name"] = live["metadata"]["name"].clone();
    json!({
        "apiVersion": live["apiVersion"],
        "kind": live["kind"],
        "metadata": metadata,
        "spec": part("spec").unwrap_or_else(|| json!({})),
    })
}

fn is_ours(entry: &Value) -> bool {
    entry["manager"] == FIELD_MANAGER && entry["operation"] == "Apply" && entry.get("subresource").is_none()
}

/// The fields of `value` that are named in `fields`. A name with nothing below it owns all that is there; keys of
/// other forms (`k:`, `v:`) are elements of lists, which an app's definition has none of that are merged.
fn projection(value: &Value, fields: &Value) -> Option<Value> {
    let named: Vec<_> = fields
        .as_object()?
        .iter()
        .filter_map(|(key, below)| Some((key.strip_prefix("f:")?, below)))
        .collect();
    let Some(object) = value.as_object().filter(|_| !named.is_empty()) else {
        return Some(value.clone());
    };
    let kept: Map<_, _> = named
        .into_iter()
        .filter_map(|(name, below)| Some((name.to_owned(), projection(object.get(name)?, below)?)))
        .collect();
    Some(Value::Object(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_fields_are_repeated() {
        let live = json!({
            "apiVersion": "privatecloud.mendix.com/v1alpha1", "kind": "MendixApp",
            "metadata": {
                "name": "shop", "annotations": {"ours": "1", "theirs": "2"}, "resourceVersion": "7",
                "managedFields": [
                    {"manager": "kubectl-mendix", "operation": "Update", "fieldsV1": {"f:spec": {"f:tls": {}}}},
                    {"manager": "kubectl-mendix", "operation": "Apply", "fieldsV1": {
                        "f:metadata": {"f:annotations": {"f:ours": {}}},
                        "f:spec": {
                            "f:sourceURL": {},
                            "f:database": {"f:servicePlan": {}},
                            "f:gone": {},
                            "f:runtime": {"f:environmentVariables": {}, "f:microflowConstants": {".": {}, "f:A.B": {}}},
                        },
                    }},
                ],
            },
            "spec": {
                "sourceURL": "https://example.com/shop.mda", "database": {"servicePlan": "postgres"}, "tls": {},
                "replicas": 3,
                "runtime": {
                    "dtapMode": "P", "environmentVariables": [{"name": "A", "value": "1"}],
                    "microflowConstants": {"A.B": "1", "C.D": "2"},
                },
            },
        });
        insta::assert_yaml_snapshot!(owned(&live), @r#"
        apiVersion: privatecloud.mendix.com/v1alpha1
        kind: MendixApp
        metadata:
          annotations:
            ours: "1"
          name: shop
        spec:
          database:
            servicePlan: postgres
          runtime:
            environmentVariables:
              - name: A
                value: "1"
            microflowConstants:
              A.B: "1"
          sourceURL: "https://example.com/shop.mda"
        "#);
    }

    #[test]
    fn of_an_app_that_others_made_nothing_is_ours() {
        let live = json!({"apiVersion": "v", "kind": "MendixApp", "metadata": {"name": "shop"}, "spec": {"replicas": 3}});
        assert_eq!(owned(&live)["spec"], json!({}));
    }
}
