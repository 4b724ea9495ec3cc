//! The fields that a definition has. Pure.

use super::Table;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray,
};

/// Paths of all fields below `spec` that hold something themselves: no object with fields of its own.
pub fn leaves(table: &Table) -> Vec<String> {
    let definitions = crate::crd::all();
    let definition = definitions.iter().find(|it| it.spec.names.kind == table.kind);
    let version = definition.and_then(|it| it.spec.versions.first());
    let root = version.and_then(|it| it.schema.as_ref()?.open_api_v3_schema.as_ref());
    let spec = root.and_then(|it| it.properties.as_ref()?.get("spec"));
    let mut found = Vec::new();
    if let Some(spec) = spec {
        collect(table, "", spec, &mut found);
    }
    found
}

fn collect(table: &Table, path: &str, schema: &JSONSchemaProps, found: &mut Vec<String>) {
    if table.whole.contains(&path) {
        return found.push(path.to_owned());
    }
    if let Some(properties) = &schema.properties {
        for (name, schema) in properties {
            let separator = if path.is_empty() { "" } else { "." };
            collect(table, &format!("{path}{separator}{name}"), schema, found);
        }
        return;
    }
    match &schema.items {
        Some(JSONSchemaPropsOrArray::Schema(items)) if items.properties.is_some() => {
            collect(table, &format!("{path}[]"), items, found);
        }
        _ => found.push(path.to_owned()),
    }
}
