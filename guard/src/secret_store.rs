//! What the environment's secret store adds to what the controller says.
//!
//! Its keys win (Mendix documentation, "Retrieve environment-sensitive data from a secret store"), with one exception:
//! database and file store come from a storage plan or from the secret store. Of two databases one would be used that
//! the gate has not judged.

use crate::sources::Sources;
use mendix_model::crd::claim::Owner;
use mendix_model::database::{self, from_secret};
use mendix_model::runtime_configuration::{RuntimeConfiguration, SECRET_STORE_FOLDER, variable};
use mendix_model::secret_store::{self, EnvironmentKeys, environment_keys, storage};
use std::collections::BTreeMap;

type Keys = BTreeMap<String, String>;

/// Why the secret store cannot be used. None of the sentences holds a value of it.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Problem {
    #[error(
        "the {what} is named twice, by a storage plan and by the keys {prefix}* of the secret store; take \
         spec.{field}.servicePlan out of the MendixApp, or the keys out of the store"
    )]
    NamedTwice {
        what: &'static str,
        prefix: &'static str,
        field: &'static str,
    },
    #[error(
        "the secret store has no key {}, and no storage plan is named, so that files would be lost with their pod; add \
         the key, or name a storage plan in spec.storage.servicePlan",
        storage::SERVICE_NAME
    )]
    NoFileStore,
    #[error("failed to tell which database the files in {SECRET_STORE_FOLDER} name: {0}")]
    Unclear(database::Problem),
    #[error(
        "the files in {SECRET_STORE_FOLDER} name another database than the annotation of the SecretProviderClass, which \
         the gate has judged; correct the annotation, or correct the files and delete this pod, which keeps those that it \
         was made with"
    )]
    OtherDatabase,
}

/// Configuration and stores, with the secret store in them.
pub(crate) struct Stores {
    pub(crate) configuration: RuntimeConfiguration,
    pub(crate) database: Keys,
    pub(crate) storage: Keys,
    /// Values that must never be shown.
    pub(crate) secrets: Vec<String>,
}

/// Lays the secret store, if there is one, over the rest.
pub(crate) fn merged(configuration: RuntimeConfiguration, sources: &Sources) -> Result<Stores, Problem> {
    let Some(all) = &sources.secret_store else {
        return Ok(Stores {
            configuration,
            database: sources.database.clone(),
            storage: sources.storage.clone(),
            secrets: Vec::new(),
        });
    };
    let keys = environment_keys(all);
    let database = one(&sources.database, &keys.database).ok_or(Problem::NamedTwice {
        what: "database",
        prefix: secret_store::database::PREFIX,
        field: "database",
    })?;
    let storage = one(&sources.storage, &keys.storage).ok_or(Problem::NamedTwice {
        what: "file store",
        prefix: storage::PREFIX,
        field: "storage",
    })?;
    if sources.storage.is_empty() && !storage.contains_key(storage::SERVICE_NAME) {
        return Err(Problem::NoFileStore);
    }
    check_claim(&sources.variables, &keys.database)?;
    Ok(Stores {
        secrets: values(&keys),
        configuration: over(configuration, keys),
        database,
        storage,
    })
}

/// The one that is there; nothing when both are.
fn one(planned: &Keys, stored: &Keys) -> Option<Keys> {
    match (planned.is_empty(), stored.is_empty()) {
        (false, false) => None,
        (false, true) => Some(planned.clone()),
        (true, _) => Some(stored.clone()),
    }
}

/// The files may change at any time, and only this container sees them: at each start it is checked that they name the
/// database which the gate let this pod start on.
fn check_claim(variables: &BTreeMap<String, String>, database: &Keys) -> Result<(), Problem> {
    let Some(claim) = variables.get(variable::DATABASE_CLAIM) else {
        return Ok(());
    };
    let namespace = variables.get(variable::NAMESPACE).map(String::as_str);
    let identity = from_secret(database, namespace.unwrap_or_default()).map_err(Problem::Unclear)?;
    // The owner only counts for databases inside of a pod, which no annotation names.
    if identity.claim(&Owner::default()) == *claim {
        Ok(())
    } else {
        Err(Problem::OtherDatabase)
    }
}

fn over(mut configuration: RuntimeConfiguration, keys: EnvironmentKeys) -> RuntimeConfiguration {
    configuration.settings.extend(keys.settings);
    configuration.constants.extend(keys.constants);
    configuration.admin_user_password = keys.admin_password.or(configuration.admin_user_password);
    configuration.debugger_password = keys.debugger_password.or(configuration.debugger_password);
    configuration
}

/// Settings from a secret store are secret whatever their names are; constants and passwords are hidden as always.
fn values(keys: &EnvironmentKeys) -> Vec<String> {
    let settings = keys.settings.values().filter_map(|value| value.as_str());
    let constants = keys.constants.values().map(String::as_str);
    settings.chain(constants).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assignment::tests::{DOCUMENT, sources};
    use rstest::rstest;

    const DATABASE: [(&str, &str); 3] = [
        ("database-type", "PostgreSQL"),
        ("database-host", "db.team:5432"),
        ("database-name", "shop"),
    ];
    const STORAGE: [(&str, &str); 1] = [("storage-service-name", "com.mendix.storage.s3")];

    fn keys(entries: &[(&str, &str)]) -> Keys {
        let entries = entries.iter();
        entries
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    /// Without stores of plans.
    fn with(stored: &[&[(&str, &str)]]) -> Sources {
        Sources {
            database: Keys::new(),
            secret_store: Some(keys(&stored.concat())),
            ..sources()
        }
    }

    fn document(text: &str) -> RuntimeConfiguration {
        serde_json::from_str(text).expect("document")
    }

    fn merge(sources: &Sources) -> Result<Stores, Problem> {
        merged(document(DOCUMENT), sources)
    }

    fn problem(sources: &Sources) -> Problem {
        merge(sources).err().expect("a problem")
    }

    #[test]
    fn the_secret_store_wins_over_the_document() {
        let text = DOCUMENT.replace(r#""constants":{}"#, r#""constants":{"A.B":"app","A.C":"app"}"#);
        let more = [
            ("mx-const-A.B", "store"),
            ("mx-runtime-Key", "s-setting"),
            ("mx-admin-password", "admin"),
        ];
        let made = merged(document(&text), &with(&[&DATABASE, &STORAGE, &more])).expect("merged");
        assert_eq!(
            (
                &*made.configuration.constants["A.B"],
                &*made.configuration.constants["A.C"]
            ),
            ("store", "app")
        );
        assert_eq!(made.configuration.settings["Key"], "s-setting");
        assert_eq!(made.configuration.admin_user_password.as_deref(), Some("admin"));
        assert_eq!((made.database, made.storage), (keys(&DATABASE), keys(&STORAGE)));
        assert_eq!(made.secrets, ["s-setting", "store"]);
    }

    #[test]
    fn without_one_everything_stays() {
        let made = merge(&sources()).expect("merged");
        assert_eq!(made.database, sources().database);
    }

    #[test]
    fn one_database_and_one_file_store_are_named() {
        let planned = Sources {
            database: keys(&DATABASE),
            ..with(&[&DATABASE, &STORAGE])
        };
        assert!(
            problem(&planned)
                .to_string()
                .contains("spec.database.servicePlan")
        );
        let planned = Sources {
            storage: keys(&STORAGE),
            ..with(&[&DATABASE, &STORAGE])
        };
        assert!(problem(&planned).to_string().contains("spec.storage.servicePlan"));
        assert_eq!(problem(&with(&[&DATABASE])), Problem::NoFileStore);
    }

    #[test]
    fn stores_of_plans_go_with_settings_of_a_secret_store() {
        let mixed = Sources {
            database: keys(&DATABASE),
            storage: keys(&[("storage-perform-delete", "true")]),
            ..with(&[&[("mx-const-A.B", "c")]])
        };
        assert_eq!(merge(&mixed).expect("merged").database, keys(&DATABASE));
    }

    #[rstest]
    #[case::same("db", "team", None)]
    #[case::same_by_its_long_name("db.team.svc.cluster.local:5432", "other", None)]
    #[case::another("db2", "team", Some(Problem::OtherDatabase))]
    #[case::in_the_pod("localhost", "team", Some(Problem::OtherDatabase))]
    #[case::none("", "team", Some(Problem::Unclear(database::Problem::NoHost)))]
    fn the_files_name_the_database_that_was_judged(
        #[case] host: &str,
        #[case] namespace: &str,
        #[case] expected: Option<Problem>,
    ) {
        let judged = database::Identity::Named("postgresql db.team:5432 shop".to_owned());
        let mut sources = with(&[&DATABASE, &STORAGE]);
        if let Some(stored) = &mut sources.secret_store {
            stored.insert("database-host".to_owned(), host.to_owned());
        }
        let claim = judged.claim(&Owner::default());
        sources
            .variables
            .insert(variable::DATABASE_CLAIM.to_owned(), claim);
        sources
            .variables
            .insert(variable::NAMESPACE.to_owned(), namespace.to_owned());
        let problem = merge(&sources).err();
        match expected {
            Some(Problem::Unclear(_)) => assert!(matches!(problem, Some(Problem::Unclear(_))), "{problem:?}"),
            expected => assert_eq!(problem, expected),
        }
    }
}
