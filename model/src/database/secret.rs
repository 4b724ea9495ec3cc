use super::{Address, Identity, Problem};
use crate::secret_store::database as keys;
use std::collections::BTreeMap;

/// Which database a Secret with the documented keys ([`crate::secret_store::database`]) names to a pod in
/// `namespace`.
pub fn from_secret(data: &BTreeMap<String, String>, namespace: &str) -> Result<Identity, Problem> {
    let place = if data.get(keys::JDBC_URL).is_some_and(|url| !url.trim().is_empty()) {
        "key database-jdbc-url of the database's Secret"
    } else {
        "the database's Secret"
    };
    Address::of_keys(data)
        .identity(namespace)
        .map_err(|problem| problem.at(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn data(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[rstest]
    #[case::address(&[("database-jdbc-url", "jdbc:postgresql://pg.example.com:5432/shop?sslmode=prefer")])]
    #[case::fields(&[("database-type", "PostgreSQL"), ("database-host", "pg.example.com"), ("database-name", "shop")])]
    #[case::address_first(&[
        ("database-type", "PostgreSQL"), ("database-host", "other:1"), ("database-name", "other"),
        ("database-jdbc-url", "jdbc:postgresql://PG.example.com/shop"),
    ])]
    #[case::line_end(&[
        ("database-type", "PostgreSQL\n"), ("database-host", "pg.example.com:5432\n"), ("database-name", "shop\n"),
        ("database-jdbc-url", ""),
    ])]
    fn keys_name_a_database(#[case] entries: &[(&str, &str)]) {
        let expected = Identity::Named("postgresql pg.example.com:5432 shop".to_owned());
        assert_eq!(from_secret(&data(entries), "shop"), Ok(expected));
    }

    #[test]
    fn a_database_in_memory_is_local() {
        assert_eq!(
            from_secret(&data(&[("database-type", "HSQLDB")]), "shop"),
            Ok(Identity::Local)
        );
    }

    #[rstest]
    #[case(&[], "failed to tell which database the database's Secret names: no database is named")]
    #[case(
        &[("database-jdbc-url", "jdbc:mysql:shop")],
        "failed to tell which database key database-jdbc-url of the database's Secret names: the address"
    )]
    fn a_refusal_says_where(#[case] entries: &[(&str, &str)], #[case] start: &str) {
        let problem = from_secret(&data(entries), "shop").expect_err("a problem");
        assert!(problem.to_string().starts_with(start), "{problem}");
    }
}
