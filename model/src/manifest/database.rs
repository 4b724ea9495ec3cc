//! Which database a workload names, as far as its manifest tells. Pure.

use super::container::{Reference, Variables};
use crate::database::{Identity, from_variables};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// A workload's database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Database {
    /// It stands in the manifest.
    Named(Identity),
    /// It stands elsewhere; the guard will read it there.
    Elsewhere(Place),
    /// None, or none that can be told: a sentence.
    Wrong(String),
}

/// Where a database is named. Two places with one key name one database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// Secrets and `ConfigMaps`, for people.
    sources: BTreeSet<Reference>,
    /// Hash of the namespace and of every variable that decides which database it is, with its value or the place of
    /// it; nothing when one is made of others. A hash, because values may hold credentials and places are kept.
    key: Option<[u8; 32]>,
}

impl Database {
    /// For people, without credentials.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Named(Identity::Named(name)) => Some(name.clone()),
            Self::Named(Identity::Local) => Some("inside the pod".to_owned()),
            Self::Elsewhere(place) => Some(place.text()),
            Self::Wrong(_) => None,
        }
    }

    /// Whether both are certainly one database.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Named(Identity::Named(one)), Self::Named(Identity::Named(other))) => one == other,
            (Self::Elsewhere(one), Self::Elsewhere(other)) => one.key.is_some() && one.key == other.key,
            _ => false,
        }
    }

    /// Whether they are certainly two databases.
    pub fn differs(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Named(one), Self::Named(other)) if one != other)
    }
}

impl Place {
    fn text(&self) -> String {
        if self.sources.is_empty() {
            return "by other variables".to_owned();
        }
        let name = |source: &Reference| format!("{} {}", source.kind.as_str(), source.name);
        let mut names: Vec<_> = self.sources.iter().map(name).collect();
        names.dedup();
        format!("by {}", names.join(", "))
    }
}

/// Which database the variables name to a pod in `namespace`.
pub fn database(variables: &Variables, namespace: &str) -> Database {
    let mut decisive = variables.elsewhere.keys().filter(|name| decides(name));
    if decisive.next().is_some() {
        return Database::Elsewhere(place(variables, namespace));
    }
    let open = !variables.imports.is_empty() || variables.elsewhere.keys().any(|name| names_user(name));
    match from_variables(&variables.literal, namespace).identity {
        Ok(Some(identity)) => Database::Named(identity),
        Ok(None) | Err(_) if open => Database::Elsewhere(place(variables, namespace)),
        Ok(None) => Database::Wrong(
            "no variable of its pods names a database: set DATABASE_ENDPOINT, or the one of its image"
                .to_owned(),
        ),
        Err(problem) => Database::Wrong(problem.to_string()),
    }
}

fn place(variables: &Variables, namespace: &str) -> Place {
    let elsewhere = variables
        .elsewhere
        .iter()
        .filter(|(name, _)| decides(name) || names_user(name));
    let single = elsewhere.clone().filter_map(|(_, reference)| reference.clone());
    let literal = variables.literal.iter().filter(|(name, _)| decides(name));
    let literal = literal.map(|(name, value)| Some(format!("{name}={value}")));
    let imports = variables.imports.iter().map(|it| Some(format!("all of {it:?}")));
    let referred = elsewhere.map(|(name, reference)| Some(format!("{name} from {:?}", reference.as_ref()?)));
    Place {
        sources: single.chain(variables.imports.iter().cloned()).collect(),
        key: hash(namespace, literal.chain(imports).chain(referred)),
    }
}

/// Nothing when one of the parts is not known.
fn hash(namespace: &str, parts: impl Iterator<Item = Option<String>>) -> Option<[u8; 32]> {
    let parts: Vec<_> = parts.collect::<Option<_>>()?;
    let mut hash = Sha256::new();
    for part in std::iter::once(namespace).chain(parts.iter().map(String::as_str)) {
        // With its length, so that two lists of parts never run into the same text.
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    Some(hash.finalize().into())
}

/// Whether a variable may decide which database it is.
fn decides(name: &str) -> bool {
    const WHOLE: [&str; 4] = [
        "DATABASE_ENDPOINT",
        "DATABASE_URL",
        "VCAP_SERVICES",
        "CUSTOM_RUNTIME_SETTINGS",
    ];
    let setting = name
        .strip_prefix("MXRUNTIME_")
        .or_else(|| name.strip_prefix("RUNTIME_PARAMS_"))
        .map(str::to_ascii_uppercase);
    WHOLE.contains(&name)
        || setting.is_some_and(|setting| {
            let address = ["DATABASEJDBCURL", "DATABASEHOST", "DATABASENAME", "DATABASETYPE"];
            address.contains(&setting.as_str()) || setting == "ORACLESERVICENAME"
        })
}

/// The login role decides on some types of databases only.
fn names_user(name: &str) -> bool {
    name.to_ascii_uppercase().ends_with("_DATABASEUSERNAME")
}

#[cfg(test)]
mod tests {
    use super::super::container::variables;
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn read(env: &Value, env_from: &Value) -> Database {
        read_in("prod", env, env_from)
    }

    fn read_in(namespace: &str, env: &Value, env_from: &Value) -> Database {
        let container = json!({"name": "app", "env": env, "envFrom": env_from});
        let container = serde_json::from_value(container).expect("container");
        database(&variables(&container), namespace)
    }

    fn secret(name: &str, secret: &str, key: &str) -> Value {
        json!({"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}})
    }

    #[rstest]
    #[case::endpoint(
        json!([{"name": "DATABASE_ENDPOINT", "value": "postgres://u:p@db/shop"}]),
        "postgresql db.prod:5432 shop"
    )]
    #[case::password_elsewhere(
        json!([
            {"name": "MXRUNTIME_DatabaseType", "value": "PostgreSQL"},
            {"name": "MXRUNTIME_DatabaseHost", "value": "db"},
            {"name": "MXRUNTIME_DatabaseName", "value": "shop"},
            secret("MXRUNTIME_DatabaseUserName", "s", "user"),
            secret("MXRUNTIME_DatabasePassword", "s", "password"),
        ]),
        "postgresql db.prod:5432 shop"
    )]
    #[case::secret(json!([secret("DATABASE_ENDPOINT", "db", "url")]), "by Secret db")]
    #[case::made_of_others(json!([{"name": "DATABASE_URL", "value": "postgres://$(H)/shop"}]), "by other variables")]
    fn a_database_is_shown_without_credentials(#[case] env: Value, #[case] expected: &str) {
        assert_eq!(read(&env, &json!([])).text().as_deref(), Some(expected));
    }

    #[test]
    fn what_is_taken_whole_may_name_it() {
        let database = read(&json!([]), &json!([{"configMapRef": {"name": "settings"}}]));
        assert_eq!(database.text().as_deref(), Some("by ConfigMap settings"));
    }

    #[rstest]
    #[case::none(json!([{"name": "A", "value": "1"}]))]
    #[case::disagreeing(json!([
        {"name": "DATABASE_ENDPOINT", "value": "postgres://db/one"},
        {"name": "DATABASE_URL", "value": "postgres://db/two"},
    ]))]
    fn a_wrong_one_has_no_name(#[case] env: Value) {
        assert_eq!(read(&env, &json!([])).text(), None);
    }

    #[test]
    fn one_key_of_one_secret_is_one_database() {
        let url = |name: &str, key: &str| read(&json!([secret("DATABASE_URL", name, key)]), &json!([]));
        assert!(url("db", "url").is_same(&url("db", "url")));
        assert!(!url("db", "url").is_same(&url("db", "other")));
        assert!(!url("db", "url").is_same(&url("other", "url")));
    }

    #[test]
    fn secrets_of_two_namespaces_are_two() {
        let env = json!([secret("DATABASE_URL", "db", "url")]);
        let of = |namespace: &str| read_in(namespace, &env, &json!([]));
        assert!(of("prod").is_same(&of("prod")));
        assert!(!of("prod").is_same(&of("test")));
    }

    #[test]
    fn a_shared_host_is_not_a_shared_database() {
        let of = |name: &str| {
            let env = json!([
                secret("MXRUNTIME_DatabaseHost", "db", "host"),
                {"name": "MXRUNTIME_DatabaseType", "value": "PostgreSQL"},
                {"name": "MXRUNTIME_DatabaseName", "value": name},
            ]);
            read(&env, &json!([]))
        };
        assert!(of("shop").is_same(&of("shop")));
        assert!(!of("shop").is_same(&of("crm")));
    }

    #[test]
    fn what_is_made_of_other_variables_is_not_known_to_be_one() {
        let made = || {
            read(
                &json!([{"name": "DATABASE_URL", "value": "postgres://$(H)/x"}]),
                &json!([]),
            )
        };
        assert!(!made().is_same(&made()));
    }

    #[test]
    fn a_place_shows_no_value() {
        let env = json!([secret("DATABASE_ENDPOINT", "db", "url"), {"name": "DATABASE_URL", "value": "postgres://u:hush@db/x"}]);
        assert!(!format!("{:?}", read(&env, &json!([]))).contains("hush"));
    }
}
