//! What a statement that failed means. Pure.

use mendix_postgres_tls::TlsFailure;
use std::error::Error as _;
use std::io;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

/// Class of the codes by which a server refuses a login (PostgreSQL documentation, appendix A).
const LOGIN_CLASS: &str = "28";

/// Why a statement came to nothing. None of the sentences holds a secret.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Failure {
    /// There is no such database; the runtime may make it.
    #[error("{0}")]
    NoDatabase(String),
    /// The server, or the client, has no way to log in. The driver of the app may have one.
    #[error("{0}")]
    NoLogin(String),
    /// Our tables are not there.
    #[error("the tables of schema kubectl_mendix are not there")]
    NoTables,
    /// The role may not do it.
    #[error("{0}")]
    NoRight(String),
    /// A server that only reads.
    #[error("{0} is a standby: name the primary server, or a name that follows it")]
    Standby(String),
    #[error("{server} gave no answer within {seconds} s")]
    Late {
        /// `host:port`.
        server: String,
        /// How long it was waited for.
        seconds: u64,
    },
    #[error("{server}: {cause}")]
    Other {
        /// `host:port`.
        server: String,
        /// The server's own words, or the system's.
        cause: String,
    },
}

/// What an error of logging in says. A server whose certificate is refused here may be one that the driver of the app takes,
/// which can have authorities of its own. What is neither the server's word nor a broken connection is a way to log in that
/// only the driver of the app knows.
pub(super) fn login_failure(error: &Error, server: &str) -> Failure {
    if let Some(failure) = TlsFailure::of(error) {
        return Failure::NoLogin(format!("{server} {failure}"));
    }
    if error.as_db_error().is_none() && !is_broken(error) {
        let cause = error
            .source()
            .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
        return Failure::NoLogin(cause);
    }
    failure(error, server)
}

fn is_broken(error: &Error) -> bool {
    let cause = error.source().and_then(<dyn std::error::Error>::downcast_ref);
    error.is_closed() || cause.is_some_and(|cause: &io::Error| cause.kind() != io::ErrorKind::InvalidData)
}

/// What an error says.
pub(super) fn failure(error: &Error, server: &str) -> Failure {
    let Some(refusal) = error.as_db_error() else {
        let source = error.source();
        return Failure::Other {
            server: server.to_owned(),
            cause: source.map_or_else(|| error.to_string(), ToString::to_string),
        };
    };
    refused(refusal.code(), line(refusal), server)
}

fn refused(code: &SqlState, cause: String, server: &str) -> Failure {
    let missing = [
        SqlState::UNDEFINED_TABLE,
        SqlState::INVALID_SCHEMA_NAME,
        SqlState::UNDEFINED_SCHEMA,
    ];
    if missing.contains(code) {
        Failure::NoTables
    } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        Failure::NoRight(cause)
    } else if code.code().starts_with(LOGIN_CLASS) {
        Failure::NoLogin(cause)
    } else if *code == SqlState::UNDEFINED_DATABASE {
        Failure::NoDatabase(cause)
    } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        Failure::Standby(server.to_owned())
    } else {
        Failure::Other {
            server: server.to_owned(),
            cause,
        }
    }
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
    #[case::no_table("42P01", Failure::NoTables)]
    #[case::no_schema("3F000", Failure::NoTables)]
    #[case::no_right("42501", Failure::NoRight("words".to_owned()))]
    #[case::no_database("3D000", Failure::NoDatabase("words".to_owned()))]
    #[case::password("28P01", Failure::NoLogin("words".to_owned()))]
    #[case::not_admitted("28000", Failure::NoLogin("words".to_owned()))]
    #[case::full("53300", Failure::Other { server: "db:5432".to_owned(), cause: "words".to_owned() })]
    #[case::standby("25006", Failure::Standby("db:5432".to_owned()))]
    #[case::shutting_down("57P01", Failure::Other { server: "db:5432".to_owned(), cause: "words".to_owned() })]
    fn refusals_are_sorted(#[case] code: &str, #[case] expected: Failure) {
        assert_eq!(
            refused(&SqlState::from_code(code), "words".to_owned(), "db:5432"),
            expected
        );
    }
}
