//! Names of what belongs to one storage instance, on whatever server. Pure.

use super::{ProvisionError, StoreTask};
use crate::settings::SettingsError;
use mendix_model::task::variable;

/// Longest identifier of PostgreSQL, in bytes; longer ones are cut by the server without an error. Buckets, containers and
/// users of stores may have as many.
pub(super) const LIMIT: usize = 63;
/// Characters of the uid that are kept: with 80 bits of it no two instances meet.
const UID_LENGTH: usize = 20;

/// `<namespace>-<environment>-<uid>`, both cut to what fits. The uid alone makes it unique, in all clusters; the
/// rest is for the people who look at the server.
pub(super) fn unique_name(task: &StoreTask) -> Result<String, ProvisionError> {
    with_uid(task, &plain(&format!("{}-{}", task.namespace, task.environment)))
}

/// The same for stores of files: `mendix-` in front, by which rights can be given, and never two dashes in a row, which
/// containers of Azure must not have.
pub(super) fn unique_store_name(task: &StoreTask) -> Result<String, ProvisionError> {
    let name = plain(&format!("mendix-{}-{}", task.namespace, task.environment));
    let parts: Vec<_> = name.split('-').filter(|part| !part.is_empty()).collect();
    with_uid(task, &parts.join("-"))
}

fn with_uid(task: &StoreTask, name: &str) -> Result<String, ProvisionError> {
    let uid: String = plain(&task.uid)
        .chars()
        .filter(|c| *c != '-')
        .take(UID_LENGTH)
        .collect();
    if uid.len() < 8 {
        return Err(SettingsError::Uid(variable::STORAGE_INSTANCE_UID).into());
    }
    let length = name.len().min(LIMIT - 1 - uid.len());
    Ok(format!("{}-{uid}", name[..length].trim_end_matches('-')))
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

    fn name(namespace: &str, environment: &str, uid: &str) -> String {
        unique_name(&task(namespace, environment, uid)).expect("name")
    }

    fn store_name(namespace: &str, environment: &str) -> String {
        unique_store_name(&task(namespace, environment, UID)).expect("name")
    }

    #[test]
    fn names_can_be_read() {
        assert_eq!(
            name("team-a", "Shop.1", UID),
            "team-a-shop-1-0f8fad5bd9cb469fa165"
        );
        assert_eq!(
            store_name("team--a", "Shop."),
            "mendix-team-a-shop-0f8fad5bd9cb469fa165"
        );
    }

    #[test]
    fn another_uid_is_another_name() {
        assert_ne!(
            name("a", "b", UID),
            name("a", "b", "0f8fad5b-d9cb-469f-a166-70867728950e")
        );
        assert_eq!(name("a", "b", UID), name("a", "b", UID));
    }

    #[test]
    fn a_uid_that_is_none_is_refused() {
        assert!(unique_name(&task("a", "b", "1234")).is_err());
        assert!(unique_store_name(&task("a", "b", "1234")).is_err());
    }

    proptest! {
        #[test]
        fn every_name_fits(namespace in ".{0,80}", environment in ".{0,80}") {
            for name in [name(&namespace, &environment, UID), store_name(&namespace, &environment)] {
                prop_assert!(name.len() <= LIMIT);
                prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
                prop_assert!(name.ends_with("-0f8fad5bd9cb469fa165"));
            }
        }

        #[test]
        fn names_of_stores_are_legal(namespace in "[a-z0-9-]{1,63}", environment in "[a-z0-9-]{1,63}") {
            let name = store_name(&namespace, &environment);
            prop_assert!(name.starts_with("mendix-") && !name.contains("--"), "{name}");
        }
    }
}
