//! All keys of a secret store: those of database and file store, and settings, constants and passwords of the app.

use super::{database, storage};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const CONSTANT: &str = "mx-const-";
const SETTING: &str = "mx-runtime-";
const ADMIN_PASSWORD: &str = "mx-admin-password";
const DEBUGGER_PASSWORD: &str = "mx-debugger-password";

/// What the keys of a secret store say. Values are secret, hence no `Debug`.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct EnvironmentKeys {
    /// Keys of [`database`](super::database).
    pub database: BTreeMap<String, String>,
    /// Keys of [`storage`](super::storage).
    pub storage: BTreeMap<String, String>,
    /// Password of the administrator of the app.
    pub admin_password: Option<String>,
    /// Password of the debugger.
    pub debugger_password: Option<String>,
    /// Constant to value.
    pub constants: BTreeMap<String, String>,
    /// Runtime setting to value.
    pub settings: Map<String, Value>,
}

/// Sorts the keys. Keys that are not documented are left out; an empty value counts as none.
pub fn environment_keys(all: &BTreeMap<String, String>) -> EnvironmentKeys {
    let mut sorted = EnvironmentKeys::default();
    for (key, value) in all.iter().filter(|(_, value)| !value.is_empty()) {
        let (key, value) = (key.as_str(), value.clone());
        if key.starts_with(database::PREFIX) {
            sorted.database.insert(key.to_owned(), value);
        } else if key.starts_with(storage::PREFIX) {
            sorted.storage.insert(key.to_owned(), value);
        } else if let Some(constant) = key.strip_prefix(CONSTANT) {
            sorted.constants.insert(constant.to_owned(), value);
        } else if let Some(setting) = key.strip_prefix(SETTING) {
            sorted.settings.insert(setting.to_owned(), value.into());
        } else if key == ADMIN_PASSWORD {
            sorted.admin_password = Some(value);
        } else if key == DEBUGGER_PASSWORD {
            sorted.debugger_password = Some(value);
        }
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_key_has_its_place() {
        let entries = [
            ("database-jdbc-url", "jdbc:postgresql://db/shop"),
            ("database-password", ""),
            ("storage-endpoint", "https://files"),
            ("mx-admin-password", "a"),
            ("mx-debugger-password", "d"),
            ("mx-const-Shop.Address", "c"),
            ("mx-runtime-com.mendix.storage.s3.EncryptionKeys", "k"),
            ("note", "n"),
        ];
        let keys = environment_keys(
            &entries
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        );
        assert_eq!(keys.database.keys().collect::<Vec<_>>(), ["database-jdbc-url"]);
        assert_eq!(keys.storage["storage-endpoint"], "https://files");
        let passwords = (keys.admin_password.as_deref(), keys.debugger_password.as_deref());
        assert_eq!(passwords, (Some("a"), Some("d")));
        assert_eq!(
            keys.constants,
            [("Shop.Address".to_owned(), "c".to_owned())].into()
        );
        assert_eq!(keys.settings["com.mendix.storage.s3.EncryptionKeys"], "k");
        assert_eq!(keys.settings.len(), 1);
    }
}
