//! Which claim an environment needs. Pure.

use k8s_openapi::api::core::v1::Secret;
use mendix_model::crd::claim::Owner;
use mendix_model::database::{Address, Identity, from_secret};
use mendix_model::names;
use std::collections::BTreeMap;

/// What says which database it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    /// A Secret with the documented keys.
    Secret(&'a Secret),
    /// The address in the annotation of a `SecretProviderClass`. The guard refuses files that name another database.
    Address(&'a str),
    /// Nothing: a database that the controller knows nothing of is guarded under the environment's own name.
    Nothing,
}

impl<'a> Source<'a> {
    /// A Secret says more than an address.
    pub(crate) fn of(secret: Option<&'a Secret>, address: Option<&'a str>) -> Self {
        secret
            .map(Self::Secret)
            .or_else(|| address.map(Self::Address))
            .unwrap_or(Self::Nothing)
    }
}

/// Name of the claim of the database that `source` names, or the sentence that says why it cannot be told.
pub(crate) fn claim_of(source: Source<'_>, owner: &Owner) -> Result<String, String> {
    match source {
        Source::Secret(secret) => of_secret(secret, owner),
        Source::Address(url) => of_address(url, owner),
        Source::Nothing => Ok(Identity::Local.claim(owner)),
    }
}

fn of_secret(secret: &Secret, owner: &Owner) -> Result<String, String> {
    let keys: BTreeMap<String, String> = secret
        .data
        .iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), String::from_utf8(value.0.clone()).ok()?)))
        .collect();
    from_secret(&keys, &owner.namespace)
        .map(|identity| identity.claim(owner))
        .map_err(|problem| problem.to_string())
}

fn of_address(url: &str, owner: &Owner) -> Result<String, String> {
    let address = Address {
        jdbc_url: Some(url.to_owned()),
        ..Address::default()
    };
    let wrong = |problem: &dyn std::fmt::Display| {
        format!(
            "failed to tell which database annotation {} of SecretProviderClass {} names: {problem}",
            names::DATABASE_URL_ANNOTATION,
            owner.environment
        )
    };
    let target = address.target().map_err(|problem| wrong(&problem))?;
    if target.user.is_some() || url.to_ascii_lowercase().contains("password") {
        return Err(wrong(
            &"everybody can read it: write it without user and password",
        ));
    }
    match address.identity(&owner.namespace) {
        Ok(Identity::Local) => Err(wrong(
            &"it is that of the pod itself, which says nothing: remove it",
        )),
        Ok(identity) => Ok(identity.claim(owner)),
        Err(problem) => Err(wrong(&problem)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::ByteString;
    use rstest::rstest;

    fn owner() -> Owner {
        Owner {
            namespace: "team".to_owned(),
            environment: "shop".to_owned(),
            ..Owner::default()
        }
    }

    fn secret(entries: &[(&str, &str)]) -> Secret {
        let entries = entries.iter();
        Secret {
            data: Some(
                entries
                    .map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())))
                    .collect(),
            ),
            ..Secret::default()
        }
    }

    #[test]
    fn a_secret_store_names_the_same_database_as_a_plan() {
        let of_plan = secret(&[
            ("database-type", "PostgreSQL"),
            ("database-host", "db:5432"),
            ("database-name", "shop"),
        ]);
        let of_store = secret(&[
            (
                "database-jdbc-url",
                "jdbc:postgresql://db.team.svc/shop?sslmode=prefer",
            ),
            ("storage-service-name", "com.mendix.storage.s3"),
            ("mx-admin-password", "x"),
        ]);
        let expected = claim_of(Source::Secret(&of_plan), &owner());
        assert!(expected.is_ok());
        assert_eq!(claim_of(Source::Secret(&of_store), &owner()), expected);
        assert_eq!(
            claim_of(Source::Address("jdbc:postgresql://db/shop"), &owner()),
            expected
        );
        assert_ne!(claim_of(Source::Nothing, &owner()), expected);
    }

    #[rstest]
    #[case::user("jdbc:postgresql://u:s3cret@db/shop", "without user and password")]
    #[case::password(
        "jdbc:sqlserver://db;databaseName=shop;password=s3cret",
        "without user and password"
    )]
    #[case::form("s3cret", "has no known form")]
    #[case::loopback("jdbc:postgresql://localhost/s3cret", "of the pod itself")]
    fn an_annotation_that_names_no_database_is_refused(#[case] url: &str, #[case] part: &str) {
        let problem = claim_of(Source::Address(url), &owner()).expect_err("refused");
        assert!(
            problem.contains("SecretProviderClass shop") && problem.contains(part),
            "{problem}"
        );
        assert!(!problem.contains("s3cret"), "{problem}");
    }
}
