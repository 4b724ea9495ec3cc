//! Which container of a pod runs the app. Pure.

use k8s_openapi::api::core::v1::{Container, PodSpec};
use mendix_model::names;
use std::collections::BTreeMap;

/// Beginnings of variables that only an app of Mendix has.
const TELLING: [&str; 5] = [
    "DATABASE_ENDPOINT",
    "DATABASE_URL",
    "MXRUNTIME_",
    "RUNTIME_PARAMS_",
    "VCAP_SERVICES",
];

/// The container that the annotation names, else the only one, else the only one with variables of an app.
pub(crate) fn of_app<'a>(
    annotations: Option<&BTreeMap<String, String>>,
    spec: &'a PodSpec,
) -> Result<&'a Container, String> {
    if let Some(name) = annotations.and_then(|all| all.get(names::CONTAINER_ANNOTATION)) {
        let named = spec.containers.iter().find(|container| container.name == *name);
        return named.ok_or_else(|| {
            format!(
                "annotation {} names container {name}, which is not there",
                names::CONTAINER_ANNOTATION
            )
        });
    }
    if let [only] = spec.containers.as_slice() {
        return Ok(only);
    }
    let tells = |container: &&Container| container.env.iter().flatten().any(|it| is_telling(&it.name));
    let mut telling = spec.containers.iter().filter(tells);
    match (telling.next(), telling.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(format!(
            "it is not clear which container runs the app: name it in annotation {}",
            names::CONTAINER_ANNOTATION
        )),
    }
}

fn is_telling(name: &str) -> bool {
    TELLING.iter().any(|beginning| name.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::only(json!({}), json!([{ "name": "app" }]), Some("app"))]
    #[case::named(json!({ "kubectl-mendix.io/container": "b" }), json!([{ "name": "a" }, { "name": "b" }]), Some("b"))]
    #[case::named_wrongly(json!({ "kubectl-mendix.io/container": "c" }), json!([{ "name": "a" }]), None)]
    #[case::telling(
        json!({}),
        json!([{ "name": "log" }, { "name": "app", "env": [{ "name": "DATABASE_URL", "value": "x" }] }]),
        Some("app")
    )]
    #[case::two(json!({}), json!([{ "name": "a" }, { "name": "b" }]), None)]
    fn one_container_runs_the_app(
        #[case] annotations: Value,
        #[case] containers: Value,
        #[case] expected: Option<&str>,
    ) {
        let annotations = serde_json::from_value(annotations).expect("annotations");
        let spec: PodSpec = serde_json::from_value(json!({ "containers": containers })).expect("spec");
        let found = of_app(Some(&annotations), &spec);
        assert_eq!(found.ok().map(|it| it.name.as_str()), expected);
    }
}
