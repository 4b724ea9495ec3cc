//! What goes wrong with a database that is there already. No sentence holds what stands in an address.

use super::super::PostgresError;
use mendix_model::database::Problem;
use mendix_postgres_tls::TlsFailure;

/// Failure to hand a database on.
#[derive(Debug, thiserror::Error)]
pub enum JdbcError {
    /// The plan is used for files.
    #[error(
        "failed to provide a store for files: JDBC plans are for databases; use a plan with purpose database"
    )]
    Purpose,
    /// The keys do not say which database it is.
    #[error("failed to tell which database the plan's admin Secret names: {problem}; correct its key {key}")]
    Address {
        /// Key that says where the database is.
        key: &'static str,
        /// What is wrong with it.
        problem: Problem,
    },
    /// Type and address contradict each other.
    #[error(
        "failed to understand the plan's admin Secret: the database of key database-jdbc-url is not of that type; set \
         database-type to {expected}, or correct the address"
    )]
    Type {
        /// The type of the address.
        expected: &'static str,
    },
    /// A database that no server has.
    #[error(
        "failed to provide a database: HSQLDB lives in the memory of one pod, so that there is nothing to hand on; use \
         a plan with args ephemeral"
    )]
    InMemory,
    /// The keys name no server that this pod could reach.
    #[error(
        "failed to check the database: key {key} of the plan's admin Secret names no host and port that can be reached \
         from here; add --no-connect to the args of the plan"
    )]
    NoServer {
        /// Key that says where the database is.
        key: &'static str,
    },
    /// The name cannot be resolved.
    #[error(
        "failed to find database host {host}: {cause}; correct key {key} of the plan's admin Secret, or add --no-connect \
         to the args of the plan"
    )]
    HostNotFound {
        /// `host:port`.
        host: String,
        /// What the resolver says.
        cause: String,
        /// Key that says where the database is.
        key: &'static str,
    },
    /// No connection.
    #[error(
        "failed to reach the database server {host}: {cause}; check key {key} of the plan's admin Secret and network \
         policies, or add --no-connect to the args of the plan"
    )]
    Unreachable {
        /// `host:port`.
        host: String,
        /// Innermost cause.
        cause: String,
        /// Key that says where the database is.
        key: &'static str,
    },
    /// TLS came to nothing.
    #[error(
        "failed to check the database: {host}, of key {key} of the plan's admin Secret, {failure}; or add --no-connect to \
         the args of the plan"
    )]
    Tls {
        /// `host:port`.
        host: String,
        /// What is wrong, and what to do.
        failure: TlsFailure,
        /// Key that says where the database is.
        key: &'static str,
    },
    /// There is no such database.
    #[error(
        "failed to log in to the database server {host}: {cause}; create the database, or correct key {key} of the \
         plan's admin Secret"
    )]
    NoDatabase {
        /// `host:port`.
        host: String,
        /// What the server says.
        cause: String,
        /// Key that names it.
        key: &'static str,
    },
    /// Anything else that a PostgreSQL server says.
    #[error(transparent)]
    Postgres(PostgresError),
}

impl JdbcError {
    /// The same for a database whose address stands in `key`.
    pub(super) fn of_postgres(error: PostgresError, key: &'static str) -> Self {
        match error {
            PostgresError::HostNotFound { host, cause } => Self::HostNotFound { host, cause, key },
            PostgresError::Unreachable { host, cause } => Self::Unreachable { host, cause, key },
            PostgresError::Tls { host, failure } => Self::Tls { host, failure, key },
            PostgresError::NoDatabase { host, cause } => Self::NoDatabase { host, cause, key },
            other => Self::Postgres(other),
        }
    }
}
