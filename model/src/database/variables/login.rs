//! How to log in to the database that the variables name.

use super::settings::{self, Settings};
use super::{Source, agreed, sources};
use crate::database::{Address, Problem};
use crate::secret_store::database as keys;
use std::collections::BTreeMap;

type Texts = BTreeMap<String, String>;

/// The database that the variables name to a pod in `namespace`, with its password, in the documented keys of a Secret
/// ([`crate::secret_store::database`]). The variables are as the container gets them.
///
/// # Errors
/// No variable names one, one does so wrongly, or two name different ones.
pub fn keys_from_variables(variables: &Texts, namespace: &str) -> Result<Texts, Problem> {
    let (whole, partial) = sources(variables)?;
    agreed(&whole, &partial, namespace)?;
    // Those after the first name the same database; the first is the one that the image looks at.
    let source = whole.first().ok_or(Problem::NoDatabase)?;
    let password = password(source, variables)?;
    Ok(in_keys(source.address.clone(), password))
}

fn in_keys(address: Address, password: Option<String>) -> Texts {
    let all = [
        (keys::TYPE, address.type_),
        (keys::JDBC_URL, address.jdbc_url),
        (keys::HOST, address.host),
        (keys::NAME, address.name),
        (keys::USER_NAME, address.user_name),
        (keys::PASSWORD, password),
    ];
    all.into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect()
}

/// The setting goes before what the address says (Mendix documentation, "Runtime customization").
fn password(source: &Source, variables: &Texts) -> Result<Option<String>, Problem> {
    let of_settings = match source.place() {
        place if place == settings::CUSTOM || place.starts_with(settings::BUILDPACK) => {
            Settings::password_of_buildpack(variables)?
        }
        place if place.starts_with(settings::PORTABLE) => variables.get(settings::PORTABLE_PASSWORD).cloned(),
        _ => None,
    };
    Ok(of_settings.or_else(|| source.address.password()))
}

#[cfg(test)]
mod tests {
    use super::keys_from_variables;
    use crate::database::{Address, Problem};
    use rstest::rstest;
    use serde_json::json;

    /// Server, name, user and password that a login takes.
    fn login(variables: &[(&str, &str)]) -> Result<(String, String, String, String), Problem> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let keys = keys_from_variables(&variables.iter().map(owned).collect(), "prod")?;
        let target = Address::of_keys(&keys).target()?;
        let (host, port) = target.servers[0].clone();
        let text = |it: Option<String>| it.unwrap_or_default();
        let password = keys.get("database-password").cloned();
        Ok((
            format!("{host}:{port}"),
            text(target.name),
            text(target.user),
            text(password),
        ))
    }

    #[rstest]
    #[case::endpoint(&[("DATABASE_ENDPOINT", "postgres://me:it@db/shop")], "it")]
    #[case::escaped(&[("DATABASE_URL", "postgres://me:a%40b@db:5432/shop?sslmode=disable")], "a@b")]
    #[case::endpoint_first(&[
        ("DATABASE_ENDPOINT", "postgres://me:it@db/shop"), ("DATABASE_URL", "postgres://me:old@db/shop"),
    ], "it")]
    #[case::service(&[
        ("VCAP_SERVICES", r#"{"rds": [{"credentials": {"uri": "postgres://me:it@db/shop"}}]}"#),
        ("DATABASE_ENDPOINT", "postgres://me:old@db/shop"),
    ], "it")]
    #[case::buildpack(&[
        ("MXRUNTIME_DatabaseType", "PostgreSQL"), ("MXRUNTIME_DatabaseHost", "db"), ("MXRUNTIME_DatabaseName", "shop"),
        ("MXRUNTIME_DatabaseUserName", "me"), ("MXRUNTIME_DatabasePassword", "it"),
    ], "it")]
    #[case::jdbc(&[("MXRUNTIME_DatabaseJdbcUrl", "jdbc:postgresql://db/shop?user=me&password=i%2Bt")], "i+t")]
    #[case::setting_over_address(&[
        ("MXRUNTIME_DatabaseJdbcUrl", "jdbc:postgresql://db/shop?user=me&password=old"),
        ("MXRUNTIME_DatabasePassword", "it"),
    ], "it")]
    #[case::portable(&[
        ("RUNTIME_PARAMS_DATABASEJDBCURL", "jdbc:postgresql://db:5432/shop"),
        ("RUNTIME_PARAMS_DATABASEUSERNAME", "me"), ("RUNTIME_PARAMS_DATABASEPASSWORD", "it"),
    ], "it")]
    #[case::not_told(&[("DATABASE_URL", "postgres://me@db/shop")], "")]
    fn variables_tell_how_to_log_in(#[case] variables: &[(&str, &str)], #[case] password: &str) {
        let [server, name, user, password] = ["db:5432", "shop", "me", password].map(ToOwned::to_owned);
        assert_eq!(login(variables), Ok((server, name, user, password)));
    }

    #[test]
    fn custom_settings_hold_a_password_too() {
        let settings = json!({
            "DatabaseType": "PostgreSQL", "DatabaseHost": "db", "DatabaseName": "shop", "DatabaseUserName": "me",
            "DatabasePassword": "it",
        });
        let settings = settings.to_string();
        let found = login(&[("CUSTOM_RUNTIME_SETTINGS", settings.as_str())]);
        assert_eq!(found.map(|it| it.3), Ok("it".to_owned()));
    }

    #[test]
    fn what_cannot_be_told_is_a_problem() {
        assert_eq!(login(&[]), Err(Problem::NoDatabase));
        let two = [
            ("DATABASE_ENDPOINT", "postgres://me:it@db/shop"),
            ("DATABASE_URL", "postgres://me:it@db/crm"),
        ];
        assert!(matches!(login(&two), Err(Problem::Differ { .. })));
    }
}
