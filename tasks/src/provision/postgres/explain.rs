//! What a server's error means to the person who waits for the database. Pure.

use super::super::PostgresError;
use crate::network::innermost;
use mendix_postgres_tls::TlsFailure;
use std::error::Error as _;
use std::io;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

/// Who speaks to whom.
pub(super) struct Server {
    /// `host:port`.
    pub(super) address: String,
    /// Login role.
    pub(super) user: String,
}

/// Turns an error into a sentence; `step` is what was tried, in words.
pub(super) fn explain(error: &Error, server: &Server, step: &str) -> PostgresError {
    if let Some(refusal) = error.as_db_error() {
        return refused(refusal.code(), &line(refusal), server, step);
    }
    if let Some(failure) = TlsFailure::of(error) {
        let host = server.address.clone();
        return PostgresError::Tls { host, failure };
    }
    match error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>())
    {
        Some(cause) => unreachable(&cause.to_string(), server),
        None if error.is_closed() => unreachable("it closed the connection", server),
        None => PostgresError::Server {
            step: step.to_owned(),
            cause: innermost(error),
        },
    }
}

fn refused(code: &SqlState, message: &str, server: &Server, step: &str) -> PostgresError {
    let (host, user, cause) = (server.address.clone(), server.user.clone(), message.to_owned());
    if *code == SqlState::INVALID_PASSWORD {
        PostgresError::Password { host, user }
    } else if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION && wants_tls(message) {
        PostgresError::OnlyTls { host, user }
    } else if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        PostgresError::NotAdmitted { host, user, cause }
    } else if *code == SqlState::UNDEFINED_DATABASE {
        PostgresError::NoDatabase { host, cause }
    } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        PostgresError::NoRight {
            step: step.to_owned(),
            user,
        }
    } else {
        PostgresError::Server {
            step: step.to_owned(),
            cause,
        }
    }
}

/// The server's words for a rule that asks for TLS: `… no encryption`, before version 14 `… SSL off`.
fn wants_tls(message: &str) -> bool {
    message.contains("no encryption") || message.contains("SSL off")
}

fn unreachable(cause: &str, server: &Server) -> PostgresError {
    PostgresError::unreached(server.address.clone(), cause.to_owned())
}

/// The message alone: details and context can quote statements.
fn line(error: &DbError) -> String {
    error.message().replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(
        "28P01",
        "password authentication failed",
        "refused the password of admin; correct database-username"
    )]
    #[case(
        "28000",
        "no pg_hba.conf entry for host \"10.0.0.1\", user \"a\", database \"b\", no encryption",
        "admits admin over TLS only"
    )]
    #[case(
        "28000",
        "role \"admin\" is not permitted to log in",
        "is not permitted to log in; admit the role"
    )]
    #[case(
        "3D000",
        "database \"x\" does not exist",
        "database \"x\" does not exist; set database-name"
    )]
    #[case(
        "42501",
        "permission denied",
        "failed to create role shop: role admin has not the right to; run ALTER ROLE admin"
    )]
    #[case(
        "53300",
        "too many clients already",
        "failed to create role shop: too many clients already; look into"
    )]
    fn refusals_are_sentences(#[case] code: &str, #[case] message: &str, #[case] part: &str) {
        let server = Server {
            address: "db.example:5432".to_owned(),
            user: "admin".to_owned(),
        };
        let text = refused(&SqlState::from_code(code), message, &server, "create role shop").to_string();
        assert!(text.starts_with("failed to ") && text.contains(part), "{text}");
    }

    #[test]
    fn an_unknown_host_is_told_from_an_unreachable_one() {
        let server = Server {
            address: "db.example:5432".to_owned(),
            user: "admin".to_owned(),
        };
        let unknown = unreachable(
            "failed to lookup address information: Name or service not known",
            &server,
        );
        assert!(matches!(unknown, PostgresError::HostNotFound { .. }));
        assert!(matches!(
            unreachable("Connection refused", &server),
            PostgresError::Unreachable { .. }
        ));
    }
}
