//! The custom resource definitions as they are installed.

use super::{
    Build, DatabaseClaim, Endpoint, Environment, MendixApp, OperatorConfiguration, OperatorVersion, Runtime,
    StorageInstance, StoragePlan,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;

/// Every definition, in the order of the flow.
pub fn all() -> Vec<CustomResourceDefinition> {
    [
        MendixApp::crd(),
        OperatorConfiguration::crd(),
        StoragePlan::crd(),
        StorageInstance::crd(),
        Build::crd(),
        Endpoint::crd(),
        Runtime::crd(),
        OperatorVersion::crd(),
        Environment::crd(),
        DatabaseClaim::crd(),
    ]
    .map(preserving_unknown_fields)
    .into()
}

/// Lets unknown fields survive under `spec` and `status` at every depth.
///
/// The official schemas are not public; a resource made for them must come back as it went in. The flag ends
/// wherever a schema names properties, so each such object needs its own.
fn preserving_unknown_fields(mut definition: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut definition.spec.versions {
        let schema = version
            .schema
            .as_mut()
            .and_then(|schema| schema.open_api_v3_schema.as_mut());
        let properties = schema.and_then(|schema| schema.properties.as_mut());
        for part in properties
            .into_iter()
            .flat_map(|properties| properties.values_mut())
        {
            preserve(part);
        }
    }
    definition
}

fn preserve(schema: &mut JSONSchemaProps) {
    if schema.type_.as_deref() == Some("object") && schema.additional_properties.is_none() {
        schema.x_kubernetes_preserve_unknown_fields = Some(true);
    }
    schema
        .properties
        .iter_mut()
        .flat_map(|properties| properties.values_mut())
        .for_each(preserve);
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        preserve(items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        preserve(values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec_of<'a>(definitions: &'a [CustomResourceDefinition], kind: &str) -> &'a JSONSchemaProps {
        let definition = definitions
            .iter()
            .find(|crd| crd.spec.names.kind == kind)
            .expect("kind");
        let schema = definition.spec.versions[0].schema.as_ref().expect("schema");
        let root = schema.open_api_v3_schema.as_ref().expect("root");
        &root.properties.as_ref().expect("properties")["spec"]
    }

    #[test]
    fn unknown_fields_survive_at_every_depth() {
        let definitions = all();
        let spec = spec_of(&definitions, "MendixApp");
        assert_eq!(spec.x_kubernetes_preserve_unknown_fields, Some(true));
        let runtime = &spec.properties.as_ref().expect("properties")["runtime"];
        assert_eq!(runtime.x_kubernetes_preserve_unknown_fields, Some(true));
    }

    #[test]
    fn an_empty_spec_is_accepted_by_the_schema() {
        let definitions = all();
        assert_eq!(spec_of(&definitions, "MendixApp").required, None);
        assert_eq!(spec_of(&definitions, "OperatorConfiguration").required, None);
    }

    #[test]
    fn formats_are_those_that_kubernetes_knows() {
        let text = serde_json::to_string(&all()).expect("json");
        assert!(
            !text.contains("uint"),
            "schemars writes uint formats, which Kubernetes does not know"
        );
    }
}
