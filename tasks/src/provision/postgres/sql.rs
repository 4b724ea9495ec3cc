//! Statements. Identifiers and passwords cannot be bound as parameters there, so they are quoted here, and only here.

use postgres_protocol::escape::{escape_identifier, escape_literal};

/// `CREATE ROLE` with the right to log in. `verifier` is a SCRAM-SHA-256 verifier, no password.
pub(super) fn create_role(role: &str, verifier: &str) -> String {
    format!(
        "CREATE ROLE {} LOGIN PASSWORD {}",
        identifier(role),
        literal(verifier)
    )
}

/// Gives a role that is there a new password.
pub(super) fn alter_role(role: &str, verifier: &str) -> String {
    format!(
        "ALTER ROLE {} LOGIN PASSWORD {}",
        identifier(role),
        literal(verifier)
    )
}

/// Makes the administrator a member of the role, which `CREATE DATABASE … OWNER` wants of all but superusers.
pub(super) fn grant_role(role: &str) -> String {
    format!("GRANT {} TO CURRENT_USER", identifier(role))
}

/// A database of the role's. From `template0`: `template1` can be in use, which would make the statement fail.
pub(super) fn create_database(database: &str, role: &str) -> String {
    format!(
        "CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0",
        identifier(database),
        identifier(role)
    )
}

/// Nobody but the owner may enter.
pub(super) fn close_database(database: &str) -> String {
    format!(
        "REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC",
        identifier(database)
    )
}

/// Drops a database that nobody is connected to.
pub(super) fn drop_idle_database(database: &str) -> String {
    format!("DROP DATABASE IF EXISTS {}", identifier(database))
}

/// Drops a database, ending its sessions.
pub(super) fn drop_database(database: &str) -> String {
    format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(database))
}

/// Drops a role.
pub(super) fn drop_role(role: &str) -> String {
    format!("DROP ROLE IF EXISTS {}", identifier(role))
}

fn identifier(name: &str) -> String {
    escape_identifier(name)
}

fn literal(text: &str) -> String {
    escape_literal(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("shop", "\"shop\"")]
    #[case("a\"; DROP ROLE b; --", "\"a\"\"; DROP ROLE b; --\"")]
    #[case("a\\", "\"a\\\"")]
    fn identifiers_stay_identifiers(#[case] name: &str, #[case] quoted: &str) {
        assert_eq!(drop_role(name), format!("DROP ROLE IF EXISTS {quoted}"));
    }

    #[rstest]
    #[case("a", "'a'")]
    #[case("a' OR 'b", "'a'' OR ''b'")]
    #[case("a\\' b", " E'a\\\\'' b'")]
    fn literals_stay_literals(#[case] text: &str, #[case] quoted: &str) {
        assert_eq!(
            create_role("r", text),
            format!("CREATE ROLE \"r\" LOGIN PASSWORD {quoted}")
        );
    }
}
