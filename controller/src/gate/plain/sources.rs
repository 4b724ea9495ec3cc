//! The variables of a container, with what they refer to put in. Pure.

use k8s_openapi::api::core::v1::{Container, EnvFromSource, EnvVar};
use std::collections::{BTreeMap, BTreeSet};

/// A Secret or a `ConfigMap`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Source {
    Secret,
    ConfigMap,
}

/// What was read of each; nothing for one that is not there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    pub(crate) found: BTreeMap<(Source, String), Option<BTreeMap<String, String>>>,
    /// The right to read one of them is missing.
    pub(crate) refused: bool,
    /// The environment holds a database by its name. Once it does, it takes no other name for want of rights: under
    /// another name it would give up what it holds, while its pods still use it.
    pub(crate) by_name: bool,
}

/// Secrets and `ConfigMaps` that a container's variables come from.
pub(crate) fn named(container: &Container) -> BTreeSet<(Source, String)> {
    let whole = container.env_from.iter().flatten().filter_map(taken_whole);
    let single = container
        .env
        .iter()
        .flatten()
        .filter_map(|variable| reference(variable).map(|(source, name, _)| (source, name.to_owned())));
    whole.chain(single).collect()
}

/// What all variables of one entry come from.
fn taken_whole(from: &EnvFromSource) -> Option<(Source, String)> {
    let secret = from
        .secret_ref
        .as_ref()
        .map(|it| (Source::Secret, it.name.clone()));
    let map = from.config_map_ref.as_ref();
    secret.or_else(|| map.map(|it| (Source::ConfigMap, it.name.clone())))
}

/// Kind, name and key that a variable refers to.
fn reference(variable: &EnvVar) -> Option<(Source, &str, &str)> {
    let from = variable.value_from.as_ref()?;
    let secret = from
        .secret_key_ref
        .as_ref()
        .map(|it| (Source::Secret, it.name.as_str(), it.key.as_str()));
    secret.or_else(|| {
        let map = from.config_map_key_ref.as_ref()?;
        Some((Source::ConfigMap, map.name.as_str(), map.key.as_str()))
    })
}

impl Sources {
    /// Variables that come whole, under the names that the process sees.
    pub(crate) fn imported(&self, container: &Container) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for from in container.env_from.iter().flatten() {
            let prefix = from.prefix.as_deref().unwrap_or_default();
            let values = taken_whole(from).and_then(|source| self.found.get(&source)?.as_ref());
            let values = values.into_iter().flatten();
            all.extend(values.map(|(key, value)| (format!("{prefix}{key}"), value.clone())));
        }
        all
    }

    /// All variables as the process will see them. Later ones count, and may name earlier ones as `$(NAME)`.
    pub(crate) fn resolved(&self, container: &Container) -> BTreeMap<String, String> {
        let mut all = self.imported(container);
        for variable in container.env.iter().flatten() {
            let value = match reference(variable) {
                Some((source, name, key)) => self
                    .found
                    .get(&(source, name.to_owned()))
                    .and_then(|it| it.as_ref()?.get(key).cloned()),
                None => variable.value.as_deref().map(|value| expanded(value, &all)),
            };
            if let Some(value) = value {
                all.insert(variable.name.clone(), value);
            }
        }
        all
    }
}

/// `$(NAME)` becomes the value of an earlier variable, and stays where there is none (Kubernetes API reference,
/// `EnvVar`).
fn expanded(value: &str, known: &BTreeMap<String, String>) -> String {
    let mut text = value.to_owned();
    for (name, value) in known {
        text = text.replace(&format!("$({name})"), value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sources() -> Sources {
        let values = |pairs: &[(&str, &str)]| {
            let pairs = pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            Some(pairs.collect())
        };
        Sources {
            found: BTreeMap::from([
                (
                    (Source::Secret, "db".to_owned()),
                    values(&[("host", "pg"), ("password", "x")]),
                ),
                (
                    (Source::ConfigMap, "all".to_owned()),
                    values(&[("A", "from map"), ("B", "from map")]),
                ),
            ]),
            ..Sources::default()
        }
    }

    #[test]
    fn variables_are_those_that_the_process_sees() {
        let container: Container = serde_json::from_value(json!({
            "name": "app",
            "envFrom": [{ "configMapRef": { "name": "all" } }],
            "env": [
                { "name": "B", "value": "literal" },
                { "name": "HOST", "valueFrom": { "secretKeyRef": { "name": "db", "key": "host" } } },
                { "name": "URL", "value": "postgres://$(HOST)/shop$(NONE)" },
                { "name": "LOST", "valueFrom": { "secretKeyRef": { "name": "gone", "key": "x" } } },
            ],
        }))
        .expect("container");
        let resolved = sources().resolved(&container);
        let text = |name: &str| resolved.get(name).map(String::as_str);
        assert_eq!((text("A"), text("B")), (Some("from map"), Some("literal")));
        assert_eq!(text("URL"), Some("postgres://pg/shop$(NONE)"));
        assert_eq!(text("LOST"), None);
        assert_eq!(named(&container).len(), 3);
    }
}
