//! Names of database and role. Pure.

use super::super::{ProvisionError, StoreTask};
use crate::settings::SettingsError;
use mendix_model::task::variable;

/// Longest identifier of PostgreSQL, in bytes; longer ones are cut by the server without an error.
const LIMIT: usize = 63;
/// Characters of the uid that are kept: with 80 bits of it no two instances meet.
const UID_LENGTH: usize = 20;

/// What belongs to one storage instance, on whatever server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Names {
    pub(super) database: String,
    pub(super) role: String,
}

impl Names {
    /// `<namespace>-<environment>-<uid>`, both cut to what fits. The uid alone makes it unique, in all clusters; the
    /// rest is for the people who look at the server.
    pub(super) fn of(task: &StoreTask) -> Result<Self, ProvisionError> {
        let uid: String = plain(&task.uid)
            .chars()
            .filter(|c| *c != '-')
            .take(UID_LENGTH)
            .collect();
        if uid.len() < 8 {
            return Err(SettingsError::Uid(variable::STORAGE_INSTANCE_UID).into());
        }
        let mut name = plain(&format!("{}-{}", task.namespace, task.environment));
        name.truncate(LIMIT - 1 - uid.len());
        let name = format!("{}-{uid}", name.trim_end_matches('-'));
        Ok(Self {
            database: name.clone(),
            role: name,
        })
    }
}

/// Lower-case letters, digits and dashes: needs no escaping in addresses.
fn plain(text: &str) -> String {
    let keep = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    text.chars().map(keep).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use mendix_model::crd::storage::Purpose;
    use proptest::prelude::*;

    pub(in super::super) fn task(namespace: &str, environment: &str, uid: &str) -> StoreTask {
        StoreTask {
            namespace: namespace.to_owned(),
            environment: environment.to_owned(),
            purpose: Purpose::Database,
            instance: format!("{environment}-database"),
            uid: uid.to_owned(),
            secret_name: format!("{environment}-database"),
            admin_folder: "/nowhere".into(),
            instance_folder: "/nowhere".into(),
        }
    }

    const UID: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

    fn database(namespace: &str, environment: &str, uid: &str) -> String {
        Names::of(&task(namespace, environment, uid))
            .expect("names")
            .database
    }

    #[test]
    fn names_can_be_read() {
        assert_eq!(
            database("team-a", "Shop.1", UID),
            "team-a-shop-1-0f8fad5bd9cb469fa165"
        );
    }

    #[test]
    fn another_uid_is_another_name() {
        assert_ne!(
            database("a", "b", UID),
            database("a", "b", "0f8fad5b-d9cb-469f-a166-70867728950e")
        );
        assert_eq!(database("a", "b", UID), database("a", "b", UID));
    }

    #[test]
    fn a_uid_that_is_none_is_refused() {
        assert!(Names::of(&task("a", "b", "1234")).is_err());
    }

    proptest! {
        #[test]
        fn every_name_fits(namespace in ".{0,80}", environment in ".{0,80}") {
            let name = database(&namespace, &environment, UID);
            prop_assert!(name.len() <= LIMIT);
            prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            prop_assert!(name.ends_with("-0f8fad5bd9cb469fa165"));
        }
    }
}
