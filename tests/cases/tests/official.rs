//! Every `MendixApp` and `OperatorConfiguration` among the public examples of the official operator goes through the API
//! server as it is. The examples are not in this repository: without them the case is skipped.

use anyhow::{Context, Result};
use kube::{
    Api,
    api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams},
};
use mendix_cases::Product;
use mendix_model::{
    crd::{GROUP, MendixApp},
    names, rules,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/examples");
/// Nothing manages it.
const NAMESPACE: &str = "case-official";
/// What placeholders become: a name, and base64 where a password is wanted.
const FILLED: &str = "ZmlsbGVk";

/// Examples that the API server takes and that our rules refuse, with the field that the sentence names.
const REFUSED: &[(&str, &str)] = &[
    // A guide's list of all fields: also those that exclude one another.
    ("mendixapp-full-operator-2.25.yaml", "MX102 spec.tls: "),
    (
        "mendixapp-full-operator-2.25.yaml",
        "MX109 spec.storage.servicePlan: ",
    ),
    (
        "pmp-helmfile-mxplatform-basic.yaml",
        "MX104 spec.runtime.mxAdminPassword: ",
    ),
    (
        "pmp-noninteractive-mxplatform-section.yaml",
        "MX104 spec.runtime.mxAdminPassword: ",
    ),
];

/// A resource of a file, complete.
struct Example {
    file: String,
    object: Value,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_official_example_is_stored_as_it_was_sent() -> Result<()> {
    if !Path::new(FOLDER).is_dir() {
        println!("skipped: there is no {FOLDER}");
        return Ok(());
    }
    let examples = examples()?;
    let product = Product::installed().await?;
    product.open_namespace(NAMESPACE).await?;
    let mut wrong = Vec::new();
    for Example { file, object } in &examples {
        let kind = object["kind"].as_str().unwrap_or_default();
        let found = match object.get("status") {
            Some(_) => with_status(&product, object).await,
            None => created(&product, object).await,
        };
        match found {
            Ok(found) if found == expected(object) => {}
            Ok(found) => wrong.push(format!("{file}: {kind} came back as {found}, not as {object}")),
            Err(error) => wrong.push(format!("{file}: {kind} was refused: {error:#}")),
        }
    }
    println!("{} resources of {} files", examples.len(), files(&examples).len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn what_our_rules_say_of_the_official_examples_is_known() -> Result<()> {
    if !Path::new(FOLDER).is_dir() {
        println!("skipped: there is no {FOLDER}");
        return Ok(());
    }
    let examples = examples()?;
    let mut said = Vec::new();
    for example in examples
        .iter()
        .filter(|example| example.object["kind"] == "MendixApp")
    {
        let app: MendixApp =
            serde_json::from_value(example.object.clone()).with_context(|| example.file.clone())?;
        let violations = rules::review(&app).into_iter();
        said.extend(violations.map(|violation| (example.file.as_str(), violation.to_string())));
    }
    let fits = |(file, sentence): &(&str, String)| {
        let mut known = REFUSED.iter();
        known.any(|(known, start)| known == file && sentence.starts_with(start))
    };
    assert!(said.len() == REFUSED.len() && said.iter().all(fits), "{said:#?}");
    Ok(())
}

fn files(examples: &[Example]) -> BTreeSet<&str> {
    examples.iter().map(|example| example.file.as_str()).collect()
}

/// Every resource of every file, in the order of their names. A file whose name tells of one must have one.
fn examples() -> Result<Vec<Example>> {
    let mut paths = Vec::new();
    for file in std::fs::read_dir(FOLDER)? {
        paths.push(file?.path());
    }
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let mut all = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path)?;
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let before = all.len();
        for part in filled(&text).split("\n---\n") {
            // Templates of Helm are no YAML; what must have a resource in it is asked below.
            let document: Value = serde_saphyr::from_str(part).unwrap_or_default();
            let object = completed(&file, &document);
            all.extend(object.map(|object| Example {
                file: file.clone(),
                object,
            }));
        }
        let named = file.contains("mendixapp") || file.contains("operatorconfiguration");
        anyhow::ensure!(
            !named || all.len() > before,
            "{file} has no resource that could be read"
        );
    }
    Ok(all)
}

/// Placeholders `<…>` filled; lines that say only that something is left out are left out.
fn filled(text: &str) -> String {
    let lines = text.lines().filter(|line| line.trim() != "…");
    let filled: Vec<_> = lines.map(without_placeholder).collect();
    filled.join("\n")
}

fn without_placeholder(line: &str) -> String {
    let parts = line.split_once('<').and_then(|(before, rest)| {
        let (_, after) = rest.split_once('>')?;
        Some(format!("{before}{FILLED}{after}"))
    });
    parts.unwrap_or_else(|| line.to_owned())
}

/// The resource that a document is or is a part of; nothing for other kinds.
fn completed(file: &str, document: &Value) -> Option<Value> {
    let (kind, mut object) = match document["kind"].as_str() {
        Some(kind @ ("MendixApp" | "OperatorConfiguration")) => (kind.to_owned(), document.clone()),
        Some(_) => return None,
        None => fragment(file, document)?,
    };
    let name = match document["metadata"]["name"].as_str() {
        Some(name) => name.to_owned(),
        None if kind == "OperatorConfiguration" => names::OPERATOR_CONFIGURATION.to_owned(),
        None => file.trim_end_matches(".yaml").to_owned(),
    };
    object["apiVersion"] = json!(format!("{GROUP}/v1alpha1"));
    object["kind"] = json!(kind);
    object["metadata"] = json!({ "name": name, "namespace": NAMESPACE });
    // What a guide shows of a status is without one.
    if object.get("spec").is_none() {
        object["spec"] = json!({});
    }
    Some(object)
}

/// A part of a resource: patches, values of charts, and what guides show of it.
fn fragment(file: &str, document: &Value) -> Option<(String, Value)> {
    let part =
        |kind: &str, object: Value| Some((kind.to_owned(), object)).filter(|(_, object)| object.is_object());
    if let Some(spec) = document.pointer("/mxplatform/spec") {
        return part("MendixApp", json!({ "spec": spec }));
    }
    if file.contains("mendixapp") {
        return part("MendixApp", document.clone());
    }
    if document.get("ingress").is_some() && document.get("type").is_some() {
        return part(
            "OperatorConfiguration",
            json!({ "spec": { "endpoint": document } }),
        );
    }
    if file.contains("operatorconfiguration") {
        return part("OperatorConfiguration", document.clone());
    }
    None
}

/// What must come back. The definitions have two defaults: one replica, and no condition.
fn expected(object: &Value) -> Value {
    let mut expected = json!({ "spec": object["spec"], "status": object["status"] });
    if object["kind"] == "MendixApp" && expected["spec"].get("replicas").is_none() {
        expected["spec"]["replicas"] = json!(1);
    }
    if expected["status"].is_object() {
        expected["status"]["conditions"] = json!([]);
    }
    expected
}

fn api(product: &Product, object: &Value) -> Api<DynamicObject> {
    let kind = object["kind"].as_str().unwrap_or_default();
    let resource = ApiResource {
        group: GROUP.to_owned(),
        version: "v1alpha1".to_owned(),
        api_version: format!("{GROUP}/v1alpha1"),
        kind: kind.to_owned(),
        plural: format!("{}s", kind.to_lowercase()),
    };
    Api::namespaced_with(product.client.clone(), NAMESPACE, &resource)
}

fn stored(object: &DynamicObject) -> Value {
    json!({ "spec": object.data["spec"], "status": object.data["status"] })
}

/// What the API server would store.
async fn created(product: &Product, object: &Value) -> Result<Value> {
    let params = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let parsed = serde_json::from_value(object.clone())?;
    Ok(stored(&api(product, object).create(&params, &parsed).await?))
}

/// The same for a status, which only an object that is there can have.
async fn with_status(product: &Product, object: &Value) -> Result<Value> {
    let (api, params) = (api(product, object), PatchParams::apply("cases").force());
    let name = object["metadata"]["name"].as_str().context("name")?;
    api.patch(name, &params, &Patch::Apply(object)).await?;
    let status = json!({ "status": object["status"] });
    let found = api
        .patch_status(name, &PatchParams::default(), &Patch::Merge(&status))
        .await?;
    api.delete(name, &kube::api::DeleteParams::default()).await?;
    Ok(stored(&found))
}
