//! What the plan's Secret says of the database.

use super::super::ProvisionError;
use super::super::secret::Keys;
use super::JdbcError;
use crate::settings::read_key;
use mendix_model::database::{Address, Kind, Target};
use mendix_model::secret_store::database;
use std::path::Path;

/// Keys that are read; the app gets those that are there.
const KEYS: [&str; 6] = [
    database::TYPE,
    database::JDBC_URL,
    database::HOST,
    database::NAME,
    database::USER_NAME,
    database::PASSWORD,
];

/// A database as the app will be told of it. Holds the password, hence no `Debug`.
pub(super) struct Declared {
    /// For the app's Secret.
    pub(super) keys: Keys,
    /// Where it is.
    pub(super) target: Target,
    /// The key that says so.
    pub(super) place: &'static str,
}

/// Reads the keys, one file each.
pub(super) fn read(folder: &Path) -> Result<Keys, ProvisionError> {
    let mut keys = Keys::new();
    for key in KEYS {
        if let Some(value) = read_key(folder, key)? {
            keys.insert(key.to_owned(), value);
        }
    }
    Ok(keys)
}

/// Checks the keys and adds the type where only the address tells it, since the runtime wants both. Pure.
pub(super) fn declared(mut keys: Keys, namespace: &str) -> Result<Declared, JdbcError> {
    let place = if keys.contains_key(database::JDBC_URL) {
        database::JDBC_URL
    } else {
        database::HOST
    };
    let address = Address::of_keys(&keys);
    let wrong = |problem| JdbcError::Address { key: place, problem };
    let target = address.target().map_err(wrong)?;
    if target.kind == Kind::Hsqldb {
        return Err(JdbcError::InMemory);
    }
    if keys.contains_key(database::TYPE) && address.kind() != Some(target.kind) {
        return Err(JdbcError::Type {
            expected: target.kind.runtime_word(),
        });
    }
    // Asked here too: the gate would hold every pod of a database that it cannot tell from others.
    address.identity(namespace).map_err(wrong)?;
    keys.entry(database::TYPE.to_owned())
        .or_insert_with(|| target.kind.runtime_word().to_owned());
    Ok(Declared { keys, target, place })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn keys(entries: &[(&str, &str)]) -> Keys {
        let entries = entries.iter();
        entries
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_type_is_taken_from_the_address_where_it_is_not_said() {
        let url = ("database-jdbc-url", "jdbc:sqlserver://db:1433;databaseName=shop");
        let made = declared(keys(&[url]), "team").expect("declared");
        assert_eq!(made.keys["database-type"], "SQLSERVER");
        let said = declared(keys(&[url, ("database-type", "SQLServer")]), "team");
        assert_eq!(said.expect("declared").keys["database-type"], "SQLServer");
    }

    #[rstest]
    #[case::nothing(&[], "failed to tell which database the plan's admin Secret names: no database is named")]
    #[case::json(
        &[("database-jdbc-url", r#"{"url": "jdbc:postgresql://s3cret@db/shop"}"#)],
        "such as jdbc:postgresql://host:5432/name; correct its key database-jdbc-url"
    )]
    #[case::product(&[("database-jdbc-url", "jdbc:mongodb://u:s3cret@db/shop")], "has no known form")]
    #[case::type_unknown(
        &[("database-type", "Access"), ("database-host", "db"), ("database-name", "s3cret")],
        "the type of the database is not known: use PostgreSQL, SQLServer"
    )]
    #[case::type_of_another(
        &[("database-type", "SQLServer"), ("database-jdbc-url", "jdbc:postgresql://db/s3cret")],
        "is not of that type; set database-type to PostgreSQL"
    )]
    #[case::type_beside_an_address(
        &[("database-type", "Access"), ("database-jdbc-url", "jdbc:postgresql://db/s3cret")],
        "is not of that type; set database-type to PostgreSQL"
    )]
    #[case::memory(&[("database-type", "HSQLDB"), ("database-name", "s3cret")], "use a plan with args ephemeral")]
    fn what_is_wrong_is_said_without_what_was_read(#[case] entries: &[(&str, &str)], #[case] sentence: &str) {
        let error = declared(keys(entries), "team")
            .err()
            .expect("refused")
            .to_string();
        assert!(
            error.starts_with("failed to ") && error.contains(sentence),
            "{error}"
        );
        assert!(!error.contains("s3cret"), "{error}");
    }
}
