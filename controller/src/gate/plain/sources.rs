//! The variables of a container, with what they refer to put in. Pure.

use k8s_openapi::api::core::v1::Container;
use mendix_model::manifest::{Reference, Source, imported, reference};
use std::collections::BTreeMap;

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

impl Sources {
    /// Variables that come whole, under the names that the process sees.
    pub(crate) fn imported(&self, container: &Container) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for from in container.env_from.iter().flatten() {
            let prefix = from.prefix.as_deref().unwrap_or_default();
            let values = imported(from).and_then(|it| self.found.get(&(it.kind, it.name))?.as_ref());
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
                Some(Reference { kind, name, key }) => self
                    .found
                    .get(&(kind, name))
                    .and_then(|it| it.as_ref()?.get(&key?).cloned()),
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
    }
}
