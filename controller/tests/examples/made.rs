//! What the controller makes of an example: every object that there ever was, by kind and name.

use crate::cluster;
use crate::rounds::{context, round};
use crate::server::Server;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Objects by `plural/name`, such as `deployments/shop-master`. Names of copies are without their hash.
pub(crate) type Made = BTreeMap<String, Value>;

/// The documents of an example.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let parts = text.split("\n---\n");
    parts
        .map(|part| serde_saphyr::from_str(part).unwrap_or_else(|error| panic!("{error} in {part}")))
        .collect()
}

/// Puts the documents into a namespace, and runs the controller.
pub(crate) async fn made(documents: &[Value]) -> Made {
    made_on(&server_with(documents)).await
}

/// A server with the documents in a namespace.
pub(crate) fn server_with(documents: &[Value]) -> Server {
    let server = Server::default();
    put(
        &server,
        "/api/v1/namespaces/kube-system",
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "kube-system", "uid": "this-cluster" } }),
    );
    for document in documents {
        put(&server, &path(document), stored(document));
    }
    server
}

/// Runs the controller until nothing changes any more.
pub(crate) async fn made_on(server: &Server) -> Made {
    let (context, mut seen) = (context(server), Made::new());
    for _ in 0..100 {
        let before = server.state().objects.clone();
        round(server, &context).await.expect("a round");
        remember(server, &before, &mut seen);
        cluster::step(server);
        if server.state().objects == before {
            return seen;
        }
    }
    panic!("no end after 100 rounds");
}

fn put(server: &Server, path: &str, object: Value) {
    drop(server.state().put(path, object));
}

fn path(document: &Value) -> String {
    let word = |pointer: &str| {
        let found = document.pointer(pointer).and_then(Value::as_str);
        found
            .unwrap_or_else(|| panic!("no {pointer} in {document}"))
            .to_owned()
    };
    let (version, plural) = (word("/apiVersion"), format!("{}s", word("/kind").to_lowercase()));
    let group = if version == "v1" { "api" } else { "apis" };
    format!(
        "/{group}/{version}/namespaces/prod/{plural}/{}",
        word("/metadata/name")
    )
}

/// As the API server has it: it writes `stringData` down as `data`.
fn stored(document: &Value) -> Value {
    let mut document = document.clone();
    let Some(texts) = document["stringData"].as_object().cloned() else {
        return document;
    };
    for (key, text) in texts {
        document["data"][key] = json!(STANDARD.encode(text.as_str().expect("text")));
    }
    document
}

fn remember(server: &Server, before: &BTreeMap<String, Value>, seen: &mut Made) {
    let state = server.state();
    let changed = state.objects.iter();
    for (path, object) in changed.filter(|(path, object)| before.get(*path) != Some(object)) {
        let Some((_, name)) = path.split_once("/namespaces/prod/") else {
            continue;
        };
        // Pods of Deployments are what their template says.
        let of_deployment = !object["template"].is_null();
        if !of_deployment && object["metadata"]["deletionTimestamp"].is_null() {
            seen.insert(without_hash(name), readable(object));
        }
    }
}

fn without_hash(name: &str) -> String {
    let copies = [
        "secrets/shop-configuration",
        "secrets/shop-database",
        "secrets/shop-file",
    ];
    let copy = copies
        .into_iter()
        .find(|copy| name.starts_with(&format!("{copy}-")));
    copy.unwrap_or(name).to_owned()
}

/// Secrets decoded, and nothing that differs from run to run.
fn readable(object: &Value) -> Value {
    let mut object = object.clone();
    for field in ["uid", "resourceVersion", "generation", "ownerReferences"] {
        object["metadata"]
            .as_object_mut()
            .expect("metadata")
            .remove(field);
    }
    if object["kind"] == "Secret" {
        object["data"] = decoded(&object["data"]);
    }
    object
}

fn decoded(data: &Value) -> Value {
    let entries = data.as_object().into_iter().flatten();
    let decoded = entries.map(|(key, value)| {
        let bytes = STANDARD.decode(value.as_str().expect("base64")).expect("base64");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let document = Some(&text).filter(|_| key == "runtime.json");
        let document = document.map(|text| serde_json::from_str(text).expect("document"));
        (key.clone(), document.unwrap_or(Value::String(text)))
    });
    // The password of the admin port is another one in each run.
    decoded.filter(|(key, _)| key != "adminpassword").collect()
}

/// What stands at a path. It is a JSON pointer, but an item of a list may be given by its name.
pub(crate) fn at<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    let steps = path.split('/').skip(1);
    steps.into_iter().try_fold(object, |value, step| {
        let step = step.replace("~1", "/");
        match value {
            Value::Array(items) => match step.parse::<usize>() {
                Ok(index) => items.get(index),
                Err(_) => items.iter().find(|item| item["name"] == *step),
            },
            value => value.get(&step),
        }
    })
}
