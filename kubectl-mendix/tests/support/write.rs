//! Writes.

use super::{Answer, Inner, Request, status};
use serde_json::{Value, json};

impl Inner {
    /// A server-side apply, as far as a single manager can tell: what is sent is what there is, but for the status.
    pub(super) fn apply(&mut self, request: &Request) -> Answer {
        let before = self.objects.get(&request.path).cloned();
        let mut object = request.body.clone();
        let generation = |object: &Value| object["metadata"]["generation"].as_i64().unwrap_or_default();
        let last = before.as_ref().map_or(0, generation);
        let same = before
            .as_ref()
            .is_some_and(|before| before["spec"] == object["spec"]);
        object["metadata"]["generation"] = json!(if same { last } else { last + 1 });
        object["metadata"]["namespace"] = json!("prod");
        object["metadata"]["uid"] = json!("00000000-0000-0000-0000-000000000001");
        object["metadata"]["resourceVersion"] = json!((last + 2).to_string());
        object["metadata"]["managedFields"] = json!([{
            "manager": "kubectl-mendix", "operation": "Apply", "apiVersion": object["apiVersion"],
            "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": fields(&object["spec"])},
        }]);
        if let Some(before) = before {
            object["status"] = before["status"].clone();
        }
        if !is_dry_run(request) {
            self.objects.insert(request.path.clone(), object.clone());
        }
        (200, object)
    }

    /// A merge patch: fields are replaced, and those that are null go.
    pub(super) fn merge(&mut self, request: &Request) -> Answer {
        let path = &request.path;
        let Some(mut object) = self.objects.get(path).cloned() else {
            return missing(path);
        };
        let expected = &request.body["metadata"]["resourceVersion"];
        if !expected.is_null() && *expected != object["metadata"]["resourceVersion"] {
            return (409, status(409, "Conflict", "the object has been modified", "x"));
        }
        merge(&mut object, &request.body);
        let version = object["metadata"]["resourceVersion"].as_str();
        let version: u64 = version.and_then(|text| text.parse().ok()).unwrap_or_default();
        object["metadata"]["resourceVersion"] = json!((version + 1).to_string());
        if !is_dry_run(request) {
            self.objects.insert(path.clone(), object.clone());
        }
        (200, object)
    }

    /// Answers with what was sent. In a guarded namespace a pod gets the gate, as the chart's policy adds it.
    pub(super) fn create(&mut self, request: &Request) -> Answer {
        let mut object = request.body.clone();
        let namespace = request.path.strip_suffix("/pods").unwrap_or_default();
        let guard = self
            .objects
            .get(namespace)
            .map(|it| it["metadata"]["labels"]["kubectl-mendix.io/guard"].clone());
        if guard == Some(json!("enabled")) {
            object["spec"]["schedulingGates"] = json!([{"name": "kubectl-mendix.io/gate"}]);
        }
        (201, object)
    }

    pub(super) fn delete(&mut self, request: &Request) -> Answer {
        let path = &request.path;
        if !self.objects.contains_key(path) {
            return missing(path);
        }
        if !is_dry_run(request) {
            self.objects.remove(path);
            if let Some(replacer) = self.replacer.take() {
                replacer(&mut self.objects, path);
                self.replacer = Some(replacer);
            }
        }
        (200, status(200, "", "", ""))
    }
}

/// In the query of a write, or in the body of a deletion.
fn is_dry_run(request: &Request) -> bool {
    request.query.get("dryRun").map(String::as_str) == Some("All") || request.body["dryRun"] == json!(["All"])
}

fn missing(path: &str) -> Answer {
    let name = path.rsplit('/').next().unwrap_or_default();
    (404, status(404, "NotFound", &format!("{name} not found"), name))
}

fn merge(object: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    for (key, value) in fields {
        if value.is_null() {
            object.as_object_mut().map(|object| object.remove(key));
        } else {
            merge(&mut object[key.as_str()], value);
        }
    }
}

fn fields(value: &Value) -> Value {
    let fields = value.as_object().into_iter().flatten();
    fields
        .map(|(key, value)| (format!("f:{key}"), fields_below(value)))
        .collect()
}

fn fields_below(value: &Value) -> Value {
    if value.is_object() {
        fields(value)
    } else {
        json!({})
    }
}
