//! What goes wrong with stores, as sentences for people. None holds a password.

use super::files::FileError;
use super::jdbc::JdbcError;
use crate::settings::SettingsError;
use mendix_postgres_tls::{SetUpError, TlsFailure};

/// Failure to make a store or to take it down.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The pod was told too little.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The Kubernetes API.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The PostgreSQL server.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// A database that is there already.
    #[error(transparent)]
    Jdbc(#[from] JdbcError),
    /// A store of files.
    #[error(transparent)]
    File(#[from] FileError),
    /// A failed run could not be taken back.
    #[error(
        "{cause}; what this run had made could not be removed again: {remains}; deprovisioning removes it"
    )]
    Remains {
        /// Why the run failed.
        cause: Box<Self>,
        /// Why it could not be taken back.
        remains: Box<Self>,
    },
}

impl ProvisionError {
    /// Whether it is certain that no Secret speaks of the store.
    pub(super) const fn may_roll_back(&self) -> bool {
        !matches!(
            self,
            Self::Api(ApiError::Appeared { .. } | ApiError::Unclear { .. })
        )
    }
}

/// Failure with the Kubernetes API.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Not in a pod with an account.
    #[error("failed to find the Kubernetes API: {cause}; run this in a pod that mounts its account's token")]
    NoCluster {
        /// Why.
        cause: String,
    },
    /// No answer.
    #[error("failed to reach the Kubernetes API: {cause}; check network policies and the API server")]
    Unreachable {
        /// Innermost cause.
        cause: String,
    },
    /// A clear no.
    #[error(
        "failed to create Secret {name}: {cause}; give the pod's account the right to create Secrets, and the plan \
         the contract of docs/provisioners.md"
    )]
    Refused {
        /// Secret.
        name: String,
        /// What the API server says.
        cause: String,
    },
    /// Somebody else created the Secret between our question and our creation.
    #[error(
        "failed to create Secret {name}: it appeared while the store was made, perhaps with another password; delete \
         that Secret and this pod, then everything is made anew"
    )]
    Appeared {
        /// Secret.
        name: String,
    },
    /// The answer was lost, again and again.
    #[error(
        "failed to learn whether Secret {name} was created: {cause}; the store is kept, delete this pod to try again"
    )]
    Unclear {
        /// Secret.
        name: String,
        /// Last answer.
        cause: String,
    },
}

impl PostgresError {
    /// A host that does not exist is told from one that does not answer. `cause` is what the system says.
    pub(super) fn unreached(host: String, cause: String) -> Self {
        if cause.contains("failed to lookup address") {
            Self::HostNotFound { host, cause }
        } else {
            Self::Unreachable { host, cause }
        }
    }
}

/// Failure with a PostgreSQL server.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// A plan for databases is used for files.
    #[error(
        "failed to provide a store for files: PostgreSQL provides databases only; use a plan with purpose database"
    )]
    Purpose,
    /// `database-host` is no host and port.
    #[error(
        "failed to read key database-host of the plan's admin Secret: {0:?} is not host:port; correct it"
    )]
    Host(String),
    /// The name cannot be resolved.
    #[error(
        "failed to find database host {host}: {cause}; check key database-host of the plan's admin Secret"
    )]
    HostNotFound {
        /// `host:port`.
        host: String,
        /// What the resolver says.
        cause: String,
    },
    /// No connection.
    #[error("failed to reach the database server {host}: {cause}; check host, port, and network policies")]
    Unreachable {
        /// `host:port`.
        host: String,
        /// Innermost cause.
        cause: String,
    },
    /// Wrong password.
    #[error(
        "failed to log in to the database server {host}: it refused the password of {user}; correct \
         database-username and database-password of the plan's admin Secret"
    )]
    Password {
        /// `host:port`.
        host: String,
        /// Login role.
        user: String,
    },
    /// The server's rules do not admit us.
    #[error(
        "failed to log in to the database server {host} as {user}: {cause}; admit the role in pg_hba.conf"
    )]
    NotAdmitted {
        /// `host:port`.
        host: String,
        /// Login role.
        user: String,
        /// What the server says.
        cause: String,
    },
    /// The server wants TLS, and does not speak it, or was not asked to.
    #[error(
        "failed to log in to the database server {host}: it admits {user} over TLS only, and did not speak TLS; set ssl=on \
         in its postgresql.conf, and take sslmode=disable out of the address"
    )]
    OnlyTls {
        /// `host:port`.
        host: String,
        /// Login role.
        user: String,
    },
    /// TLS came to nothing.
    #[error("failed to log in to the database server {host}: it {failure}")]
    Tls {
        /// `host:port`.
        host: String,
        /// What is wrong, and what to do.
        failure: TlsFailure,
    },
    /// TLS could not be set up.
    #[error("{0}; report it, for it is a fault of this program")]
    SetUp(#[from] SetUpError),
    /// The maintenance database does not exist.
    #[error(
        "failed to log in to the database server {host}: {cause}; set database-name of the plan's admin Secret"
    )]
    NoDatabase {
        /// `host:port`.
        host: String,
        /// What the server says.
        cause: String,
    },
    /// A right is missing.
    #[error(
        "failed to {step}: role {user} has not the right to; run ALTER ROLE {user} CREATEDB CREATEROLE as superuser"
    )]
    NoRight {
        /// What was tried.
        step: String,
        /// Login role.
        user: String,
    },
    /// The server's version.
    #[error(
        "failed to use the database server: it is PostgreSQL {version}, which is too old; use 13 or newer"
    )]
    TooOld {
        /// As the server says it.
        version: String,
    },
    /// There is a database of our name that is not ours.
    #[error(
        "failed to take database {database}: it belongs to role {owner}, not to this storage instance; look who made it"
    )]
    Foreign {
        /// Database.
        database: String,
        /// Its owner.
        owner: String,
    },
    /// The Secret names another database than this instance's.
    #[error(
        "failed to deprovision: the Secret names database {found:?}, but this storage instance's own is {own:?}; drop \
         {found:?} yourself if it is to go, and delete the Secret"
    )]
    NotOwn {
        /// In the Secret.
        found: String,
        /// What it would have to be.
        own: String,
    },
    /// Anything else that the server says.
    #[error("failed to {step}: {cause}; look into the database server's log")]
    Server {
        /// What was tried.
        step: String,
        /// What the server says.
        cause: String,
    },
}
