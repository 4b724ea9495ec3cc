//! Manifests as they are written: kept as JSON, so that fields this version does not know reach the cluster.

use crate::failure::Failure;
use mendix_model::crd::MendixApp;
use serde_json::{Value, json};
use std::io::{self, Read};
use std::path::Path;

/// `apiVersion` of apps.
pub const API_VERSION: &str = "privatecloud.mendix.com/v1alpha1";

/// An app as somebody wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Name of the app.
    pub name: String,
    /// Namespace it names.
    pub namespace: Option<String>,
    /// The whole of it.
    pub value: Value,
}

impl Document {
    /// An app of which nothing is said yet.
    pub fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            namespace: None,
            value: json!({"apiVersion": API_VERSION, "kind": "MendixApp", "metadata": {"name": name}, "spec": {}}),
        }
    }

    /// The typed form, for rules.
    ///
    /// # Errors
    /// A field has another type than apps have. The value itself is not repeated: it may be a secret.
    pub fn app(&self) -> Result<MendixApp, Failure> {
        serde_path_to_error::deserialize(&self.value).map_err(|error| {
            Failure::new(format!(
                "MendixApp {} is not understood: {} has the wrong type or lacks a field",
                self.name,
                error.path()
            ))
            .hint("kubectl explain mendixapp.spec shows the fields")
        })
    }
}

/// Reads a file, or stdin for `-`.
///
/// # Errors
/// The file cannot be read.
pub fn read(path: &Path) -> Result<String, Failure> {
    let read = if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    read.map_err(|error| Failure::new(format!("failed to read {}: {error}", path.display())))
}

/// The apps in a text of one or more YAML or JSON documents.
///
/// # Errors
/// The text is no YAML, or a document is no app.
pub fn parse(text: &str, origin: &Path) -> Result<Vec<Document>, Failure> {
    let origin = origin.display();
    // Without the excerpt that the library would add: lines of the file may hold passwords.
    let options = serde_saphyr::options! { with_snippet: false };
    let values: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| Failure::new(format!("failed to read {origin}: {error}")))?;
    let documents = values
        .into_iter()
        .enumerate()
        .filter(|(_, value)| !value.is_null())
        .map(|(index, value)| document(value, &format!("document {} of {origin}", index + 1)))
        .collect::<Result<Vec<_>, _>>()?;
    if documents.is_empty() {
        return Err(Failure::new(format!("{origin} holds no MendixApp")));
    }
    Ok(documents)
}

fn document(mut value: Value, origin: &str) -> Result<Document, Failure> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let (version, kind) = (text("/apiVersion"), text("/kind"));
    if kind.as_deref() != Some("MendixApp") {
        let kind = kind.unwrap_or_else(|| "without a kind".to_owned());
        return Err(
            Failure::new(format!("{origin} is {kind}, but deploy takes MendixApps only"))
                .hint("kubectl apply takes the other kinds"),
        );
    }
    if version.as_deref() != Some(API_VERSION) {
        return Err(Failure::new(format!(
            "{origin} has another apiVersion than {API_VERSION}"
        )));
    }
    let Some(name) = text("/metadata/name") else {
        return Err(Failure::new(format!("{origin} has no metadata.name")));
    };
    let namespace = text("/metadata/namespace");
    tidy(&mut value);
    Ok(Document {
        name,
        namespace,
        value,
    })
}

/// Takes out what a manifest got by being read from a cluster: it is not the user's wish, and an apply refuses it.
fn tidy(value: &mut Value) {
    let Some(object) = value.as_object_mut() else {
        return;
    };
    object.remove("status");
    if object.get("spec").is_none_or(Value::is_null) {
        object.insert("spec".to_owned(), json!({}));
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in [
            "managedFields",
            "resourceVersion",
            "uid",
            "creationTimestamp",
            "generation",
            "selfLink",
        ] {
            metadata.remove(field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Document>, Failure> {
        parse(text, Path::new("shop.yaml"))
    }

    const APP: &str =
        "apiVersion: privatecloud.mendix.com/v1alpha1\nkind: MendixApp\nmetadata:\n  name: shop\n";

    #[test]
    fn a_file_holds_several_apps() {
        let text = format!("---\n{APP}---\n{}", APP.replace("shop", "crm"));
        let names: Vec<_> = parsed(&text)
            .expect("documents")
            .into_iter()
            .map(|document| document.name)
            .collect();
        assert_eq!(names, ["shop", "crm"]);
    }

    #[test]
    fn unknown_fields_are_kept() {
        let documents = parsed(&format!("{APP}spec:\n  fieldOfNextYear: 1\n")).expect("documents");
        assert_eq!(documents[0].value["spec"]["fieldOfNextYear"], 1);
    }

    #[test]
    fn what_the_cluster_added_is_taken_out() {
        let text = format!("{APP}  uid: u\n  resourceVersion: \"5\"\nstatus:\n  state: Ready\n");
        let documents = parsed(&text).expect("documents");
        insta::assert_yaml_snapshot!(documents[0].value, @"
        apiVersion: privatecloud.mendix.com/v1alpha1
        kind: MendixApp
        metadata:
          name: shop
        spec: {}
        ");
    }

    #[test]
    fn other_kinds_are_refused_by_name() {
        let failure = parsed("apiVersion: v1\nkind: Secret\n").expect_err("refused");
        assert_eq!(
            failure.message,
            "document 1 of shop.yaml is Secret, but deploy takes MendixApps only"
        );
    }

    #[test]
    fn a_wrong_type_is_named_by_its_path_and_not_by_its_value() {
        let text = format!("{APP}spec:\n  replicas: hunter2\n");
        let failure = parsed(&text).expect("documents")[0]
            .app()
            .expect_err("wrong type");
        assert!(failure.message.contains("spec.replicas"), "{failure}");
        assert!(!failure.message.contains("hunter2"), "{failure}");
    }

    #[test]
    fn broken_yaml_is_reported_without_its_lines() {
        let failure = parsed("a: [hunter2\nb: }").expect_err("no yaml");
        assert!(
            failure.message.starts_with("failed to read shop.yaml"),
            "{failure}"
        );
        assert!(!failure.message.contains("hunter2"), "{failure}");
    }
}
