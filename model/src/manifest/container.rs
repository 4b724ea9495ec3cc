//! Which container of a pod runs the app, and what its manifest says of its variables. Pure.

use crate::database::role::{Value, declared};
use crate::names;
use k8s_openapi::api::core::v1::{Container, EnvFromSource, EnvVar, PodSpec};
use std::collections::{BTreeMap, BTreeSet};

/// Variables, or beginnings of variables, that an app of Mendix has.
const TELLING: [&str; 5] = [
    "DATABASE_ENDPOINT",
    "DATABASE_URL",
    "MXRUNTIME_",
    "RUNTIME_PARAMS_",
    "VCAP_SERVICES",
];

/// The container that the annotation names, else the only one, else the only one with variables of an app.
///
/// # Errors
/// It is not clear which one: a sentence.
pub fn of_app<'a>(
    annotations: Option<&BTreeMap<String, String>>,
    spec: &'a PodSpec,
) -> Result<&'a Container, String> {
    let annotation = names::CONTAINER_ANNOTATION;
    if let Some(name) = annotations.and_then(|all| all.get(annotation)) {
        let named = spec.containers.iter().find(|container| container.name == *name);
        return named
            .ok_or_else(|| format!("annotation {annotation} names container {name}, which is not there"));
    }
    if let [only] = spec.containers.as_slice() {
        return Ok(only);
    }
    let tells = |container: &&Container| container.env.iter().flatten().any(|it| is_telling(&it.name));
    let mut telling = spec.containers.iter().filter(tells);
    match (telling.next(), telling.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(format!(
            "it is not clear which container runs the app: name it in annotation {annotation}"
        )),
    }
}

/// Whether only an app of Mendix has a variable of this name, or nearly so.
pub fn is_telling(name: &str) -> bool {
    TELLING.iter().any(|beginning| name.starts_with(beginning))
}

/// The variables of a container, as far as its manifest tells.
#[derive(Default)]
pub struct Variables {
    /// Those whose values stand in the manifest.
    pub literal: BTreeMap<String, String>,
    /// Those whose values do not, and where they are; nothing for a field of the pod or a text made of others.
    pub elsewhere: BTreeMap<String, Option<Reference>>,
    /// What is taken whole, by names that the manifest does not tell.
    pub imports: BTreeSet<Reference>,
}

/// A Secret or `ConfigMap`, and the key in it; without one all of it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Reference {
    /// Which of the two.
    pub kind: Source,
    /// Its name.
    pub name: String,
    /// The key.
    pub key: Option<String>,
}

/// Where variables come from.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Source {
    /// A Secret.
    Secret,
    /// A `ConfigMap`.
    ConfigMap,
}

impl Source {
    /// The kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }
}

/// Of two with one name the later counts (Kubernetes API reference, `Container`).
pub fn variables(container: &Container) -> Variables {
    let mut all = Variables {
        imports: imports(container),
        ..Variables::default()
    };
    let env = container.env.as_deref().unwrap_or_default();
    for (variable, declared) in env.iter().zip(declared([], env)) {
        all.literal.remove(&variable.name);
        all.elsewhere.remove(&variable.name);
        match declared.value {
            Value::Literal(text) => drop(all.literal.insert(variable.name.clone(), text.to_owned())),
            Value::Elsewhere => drop(all.elsewhere.insert(variable.name.clone(), reference(variable))),
        }
    }
    all
}

/// Every Secret and `ConfigMap` that variables of the container come from.
pub fn named(container: &Container) -> BTreeSet<(Source, String)> {
    let single = container.env.iter().flatten().filter_map(reference);
    single
        .chain(imports(container))
        .map(|reference| (reference.kind, reference.name))
        .collect()
}

fn imports(container: &Container) -> BTreeSet<Reference> {
    container.env_from.iter().flatten().filter_map(imported).collect()
}

/// What all variables of one entry come from.
pub fn imported(from: &EnvFromSource) -> Option<Reference> {
    let whole = |kind, name: &str| Reference {
        kind,
        name: name.to_owned(),
        key: None,
    };
    let secret = from.secret_ref.as_ref();
    let map = from.config_map_ref.as_ref();
    secret
        .map(|it| whole(Source::Secret, &it.name))
        .or_else(|| map.map(|it| whole(Source::ConfigMap, &it.name)))
}

/// What a variable refers to.
pub fn reference(variable: &EnvVar) -> Option<Reference> {
    let from = variable.value_from.as_ref()?;
    let of = |kind, name: &str, key: &str| Reference {
        kind,
        name: name.to_owned(),
        key: Some(key.to_owned()),
    };
    let secret = from.secret_key_ref.as_ref();
    let map = from.config_map_key_ref.as_ref();
    secret
        .map(|it| of(Source::Secret, &it.name, &it.key))
        .or_else(|| map.map(|it| of(Source::ConfigMap, &it.name, &it.key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case::only(json!({}), json!([{"name": "app"}]), Some("app"))]
    #[case::named(json!({"kubectl-mendix.io/container": "b"}), json!([{"name": "a"}, {"name": "b"}]), Some("b"))]
    #[case::named_wrongly(json!({"kubectl-mendix.io/container": "c"}), json!([{"name": "a"}]), None)]
    #[case::telling(
        json!({}),
        json!([{"name": "log"}, {"name": "app", "env": [{"name": "DATABASE_URL"}]}]),
        Some("app")
    )]
    #[case::two(json!({}), json!([{"name": "a"}, {"name": "b"}]), None)]
    fn one_container_runs_the_app(
        #[case] annotations: Value,
        #[case] containers: Value,
        #[case] expected: Option<&str>,
    ) {
        let annotations = serde_json::from_value(annotations).expect("annotations");
        let spec: PodSpec = serde_json::from_value(json!({"containers": containers})).expect("spec");
        let found = of_app(Some(&annotations), &spec);
        assert_eq!(found.ok().map(|it| it.name.as_str()), expected);
    }

    #[test]
    fn the_last_of_a_name_counts() {
        let container: Container = serde_json::from_value(json!({
            "name": "app",
            "envFrom": [{"secretRef": {"name": "all"}}],
            "env": [
                {"name": "A", "value": "1"},
                {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "a"}}},
                {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "b"}}},
                {"name": "B", "value": "2"},
                {"name": "C", "value": "$(A)"},
            ],
        }))
        .expect("container");
        let all = variables(&container);
        assert_eq!(all.literal, BTreeMap::from([("B".to_owned(), "2".to_owned())]));
        let elsewhere: Vec<_> = all
            .elsewhere
            .iter()
            .map(|(name, from)| {
                let from = from.as_ref().map(|it| (it.name.as_str(), it.key.as_deref()));
                (name.as_str(), from)
            })
            .collect();
        assert_eq!(elsewhere, [("A", Some(("s", Some("a")))), ("C", None)]);
        assert_eq!(all.imports.len(), 1);
        let names: Vec<_> = named(&container).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["all", "s", "m"]);
    }
}
