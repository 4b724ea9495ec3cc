//! `bin/start` of a portable package (Mendix documentation, "Portable Runtime"): the runtime reads its configuration
//! and starts by itself. Whoever comes first updates the schema; there is no leader, and `isClusterSlave` is ignored.
//!
//! Files in `etc/` are not read: settings come from `RUNTIME_PARAMS_…` alone, constants have their defaults.

use serde_json::{Map, Value};

use super::{Plan, Synchronise, common, database_url};
use crate::environment::Environment;
use crate::package::Package;

const PREFIX: &str = "RUNTIME_PARAMS_";

/// Settings that the double knows. A variable has the setting's name in capitals, with `_` for `.`; the documentation
/// writes `DATABASETYPE` in one place and `DATABASE_TYPE` in another, so neither mark counts.
const SETTINGS: &[&str] = &[
    "ApplicationRootUrl",
    "DTAPMode",
    "DatabaseHost",
    "DatabaseJdbcUrl",
    "DatabaseName",
    "DatabasePassword",
    "DatabaseType",
    "DatabaseUserName",
    "Metrics.Registries",
    "MyScheduledEvents",
    "ScheduledEventExecution",
    "com.mendix.core.isClusterSlave",
];

pub(super) fn plan(environment: &Environment, package: &Package) -> Plan {
    let mut settings = common(environment);
    settings.insert("ScheduledEventExecution".to_owned(), "ALL".into());
    settings.insert("MicroflowConstants".to_owned(), constants(package).into());
    for (name, value) in &environment.variables {
        if let Some(name) = name.strip_prefix(PREFIX) {
            settings.insert(setting(name), value.as_str().into());
        }
    }
    if let Some(url) = settings.get("DatabaseJdbcUrl").and_then(Value::as_str) {
        let url = database_url::jdbc(url);
        settings.insert("DatabaseJdbcUrl".to_owned(), url.into());
    }
    Plan {
        settings,
        synchronise: Synchronise::First,
    }
}

/// The setting that a variable means; one that the double does not know keeps the variable's name.
fn setting(variable: &str) -> String {
    let wanted = squeezed(variable);
    let known = SETTINGS.iter().find(|setting| squeezed(setting) == wanted);
    known.map_or(variable, |setting| setting).to_owned()
}

fn squeezed(name: &str) -> String {
    name.chars()
        .filter(|letter| !matches!(letter, '_' | '.'))
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

fn constants(package: &Package) -> Map<String, Value> {
    let constants = package.metadata.constants.iter();
    constants
        .map(|constant| (constant.name.clone(), constant.default_value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::Launch;

    fn settings(variables: &[(&str, &str)]) -> Map<String, Value> {
        let environment = Environment::for_tests(Launch::Portable, variables);
        plan(&environment, &Package::for_tests()).settings
    }

    #[test]
    fn variables_name_settings_in_capitals() {
        let settings = settings(&[
            ("RUNTIME_PARAMS_DATABASETYPE", "PostgreSQL"),
            ("RUNTIME_PARAMS_DATABASE_HOST", "db:5432"),
            ("RUNTIME_PARAMS_METRICS_REGISTRIES", "[]"),
            ("RUNTIME_PARAMS_OTHER", "1"),
            ("DATABASE_URL", "postgres://me:it@elsewhere/shop"),
        ]);
        assert_eq!(settings["DatabaseType"], "PostgreSQL");
        assert_eq!(settings["DatabaseHost"], "db:5432");
        assert_eq!(settings["Metrics.Registries"], "[]");
        assert_eq!(settings["OTHER"], "1");
        assert_eq!(settings["MicroflowConstants"]["Main.Limit"], "3");
        assert!(!settings.contains_key("DatabaseJdbcUrl"));
    }

    #[test]
    fn the_documented_secret_names_a_database() {
        let settings = settings(&[
            (
                "RUNTIME_PARAMS_DATABASEJDBCURL",
                "postgresql://mendix:mendix@postgres:5432/mendix",
            ),
            ("RUNTIME_PARAMS_DATABASETYPE", "PostgreSQL"),
            ("RUNTIME_PARAMS_DATABASEHOST", "ignored"),
        ]);
        let url = settings["DatabaseJdbcUrl"].as_str().unwrap();
        assert!(
            url.starts_with("jdbc:postgresql://postgres:5432/mendix?"),
            "{url}"
        );
    }
}
