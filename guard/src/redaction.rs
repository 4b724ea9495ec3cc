//! Keeps what is secret out of what the runtime says about its failures.
//!
//! Those sentences go into status, log and termination message; a database driver may well quote an address with a
//! password in it.

use mendix_model::runtime_configuration::RuntimeConfiguration;
use mendix_model::secret_store::{database, storage};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a secret is replaced with.
const HIDDEN: &str = "***";
/// Shorter values would tear ordinary words apart, and are no secrets worth the name.
const SHORTEST: usize = 4;
/// From this length on the value of any constant counts; shorter ones are mostly plain words and numbers.
const LONG_CONSTANT: usize = 8;
/// Parts of a name that say that its value is secret.
const TELLING: [&str; 4] = ["password", "secret", "key", "token"];

/// Values that must not be shown.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// From values; the longest are hidden first, since one may be a part of another.
    pub(crate) fn new(values: impl IntoIterator<Item = String>) -> Self {
        let distinct: BTreeSet<String> = values.into_iter().filter(|it| it.len() >= SHORTEST).collect();
        let mut longest_first: Vec<String> = distinct.into_iter().collect();
        longest_first.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(longest_first)
    }

    /// These and others.
    pub(crate) fn with(self, others: impl IntoIterator<Item = String>) -> Self {
        Self::new(self.0.into_iter().chain(others))
    }

    /// The text without any of the values.
    pub(crate) fn hide(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN))
    }
}

/// Everything secret in what the guard is told. Constants count: apps keep credentials of other systems there.
pub(crate) fn secrets(
    admin_password: &str,
    configuration: &RuntimeConfiguration,
    database: &BTreeMap<String, String>,
    storage: &BTreeMap<String, String>,
) -> Secrets {
    let own = [
        Some(admin_password),
        configuration.admin_user_password.as_deref(),
        configuration.debugger_password.as_deref(),
        configuration.license.as_ref().map(|license| license.key.as_str()),
    ];
    let settings = configuration.settings.iter().filter(|(name, _)| is_telling(name));
    Secrets::new(
        own.into_iter()
            .flatten()
            .map(ToOwned::to_owned)
            .chain(settings.filter_map(|(_, value)| value.as_str().map(ToOwned::to_owned)))
            .chain(
                configuration
                    .client_certificates
                    .iter()
                    .map(|it| it.password.clone()),
            )
            .chain(constants(&configuration.constants))
            .chain(addresses(configuration, database))
            .chain(of_keys(database, &[database::PASSWORD]))
            .chain(of_keys(
                storage,
                &[
                    storage::SECRET_ACCESS_KEY,
                    storage::ACCESS_KEY_ID,
                    storage::AZURE_ACCOUNT_KEY,
                ],
            )),
    )
}

fn is_telling(name: &str) -> bool {
    let name = name.to_lowercase();
    TELLING.iter().any(|part| name.contains(part))
}

fn constants(all: &BTreeMap<String, String>) -> impl Iterator<Item = String> + '_ {
    all.iter()
        .filter(|(name, value)| is_telling(name) || value.len() >= LONG_CONSTANT)
        .map(|(_, value)| value.clone())
}

/// JDBC addresses, whole, and the passwords in them.
fn addresses(configuration: &RuntimeConfiguration, keys: &BTreeMap<String, String>) -> Vec<String> {
    let setting = configuration
        .settings
        .get("DatabaseJdbcUrl")
        .and_then(Value::as_str);
    let key = keys.get(database::JDBC_URL).map(String::as_str);
    let both = || setting.into_iter().chain(key);
    both()
        .map(ToOwned::to_owned)
        .chain(both().filter_map(password))
        .collect()
}

/// `…?user=u&password=p` (PostgreSQL) or `…;user=u;password=p` (SQL Server).
fn password(address: &str) -> Option<String> {
    let parts = address.split(['?', '&', ';']);
    let mut pairs = parts.filter_map(|part| part.split_once('='));
    pairs
        .find(|(name, _)| name.eq_ignore_ascii_case("password"))
        .map(|(_, value)| value.to_owned())
}

fn of_keys<'a>(all: &'a BTreeMap<String, String>, keys: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    keys.iter().filter_map(|key| all.get(*key).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn the_longer_secret_is_hidden_first() {
        let secrets = Secrets::new(["pass".to_owned(), "password1".to_owned()]);
        assert_eq!(secrets.hide("user password1, pass"), "user ***, ***");
    }

    #[test]
    fn short_values_stay() {
        assert_eq!(Secrets::new(["a".to_owned(), String::new()]).hide("a b"), "a b");
    }

    #[rstest]
    #[case::postgresql("jdbc:postgresql://db/x?user=u&password=p-secret&ssl=true", Some("p-secret"))]
    #[case::sql_server("jdbc:sqlserver://db;user=u;Password=p-secret", Some("p-secret"))]
    #[case::none("jdbc:postgresql://db/x", None)]
    fn passwords_are_found_in_addresses(#[case] address: &str, #[case] expected: Option<&str>) {
        assert_eq!(password(address).as_deref(), expected);
    }

    #[test]
    fn secrets_come_from_everywhere() {
        let text = r#"{"settings":{"com.mendix.x.SecretKey":"s-setting","Visible":"s-visible"},"constants":{"A.B":"s-constant"},
            "logLevels":{},"adminUserPassword":"s-user","nativeMetrics":false,"terminationGracePeriodSeconds":1}"#;
        let configuration: RuntimeConfiguration = serde_json::from_str(text).expect("valid");
        let database = [(database::PASSWORD.to_owned(), "s-database".to_owned())].into();
        let storage = [(storage::SECRET_ACCESS_KEY.to_owned(), "s-storage".to_owned())].into();
        let secrets = secrets("s-admin", &configuration, &database, &storage);
        let hidden = secrets.hide("s-setting s-constant s-user s-database s-storage s-admin s-visible");
        assert_eq!(hidden, "*** *** *** *** *** *** s-visible");
    }
}
