//! The custom resource definitions in the chart.

use crate::render::{IMAGE, objects, of_kind, template};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use std::collections::BTreeMap;

fn definitions(values: &[&str]) -> BTreeMap<String, CustomResourceDefinition> {
    let parsed: Vec<CustomResourceDefinition> = of_kind(&objects(values).unwrap());
    parsed
        .into_iter()
        .map(|definition| (definition.metadata.name.clone().unwrap(), definition))
        .collect()
}

#[test]
fn definitions_are_those_of_the_model() {
    let rendered = definitions(&[IMAGE]);
    let model = mendix_model::crd::all();
    assert_eq!(rendered.len(), model.len());
    for definition in model {
        let name = definition.metadata.name.unwrap();
        // Not assert_eq, which would print two definitions of some thousand fields.
        assert!(
            rendered[&name].spec == definition.spec,
            "{name} differs: run `cargo xtask generate`"
        );
    }
}

#[test]
fn definitions_outlive_the_release() {
    for (name, definition) in definitions(&[IMAGE]) {
        let annotations = definition.metadata.annotations.unwrap();
        assert_eq!(annotations["helm.sh/resource-policy"], "keep", "{name}");
        assert_eq!(
            annotations["kubectl-mendix.io/crd-revision"], "1000",
            "{name}: 0.1.0 is 1000"
        );
        assert_eq!(
            definition.metadata.labels.unwrap()["kubectl-mendix.io/managed"],
            "true",
            "{name}"
        );
    }
    let thrown_away = definitions(&[IMAGE, "crds.keep=false"]);
    let annotations = thrown_away
        .into_values()
        .filter_map(|definition| definition.metadata.annotations);
    assert!(
        annotations
            .into_iter()
            .all(|annotations| !annotations.contains_key("helm.sh/resource-policy"))
    );
}

#[test]
fn definitions_can_be_left_out() {
    let text = template(&[IMAGE, "crds.install=false"]).unwrap();
    assert!(!text.contains("kind: CustomResourceDefinition"));
}
