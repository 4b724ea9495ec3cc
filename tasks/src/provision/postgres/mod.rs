//! A database and a role of its own on a PostgreSQL server.
//!
//! Order of writes: role, database, rights, Secret. A run that is killed between two of them leaves what the next
//! run finds by name and takes over with a new password, which nobody knows yet since there is no Secret.

mod admin;
mod explain;
mod names;
mod plan;
mod session;
mod sql;

use super::secret::Keys;
use super::task::StoreArguments;
use super::{PostgresError, ProvisionError, StoreKind, StoreTask};
use crate::settings::read_key;
pub(super) use admin::Admin;
use clap::Args;
use mendix_model::crd::storage::Purpose;
use mendix_model::database::Tls;
use mendix_model::secret_store::database;
use names::Names;
use plan::Made;
use rand::distr::{Alphanumeric, SampleString as _};
use session::Session;

/// What the task is told.
#[derive(Args, Clone, Debug)]
pub struct PostgresArguments {
    /// Take TLS only, with a certificate for this host that a trusted authority has signed; the app does the same.
    #[arg(long)]
    strict_tls: bool,
    /// What every task of a store is told.
    #[command(flatten)]
    pub(super) store: StoreArguments,
}

/// See the module.
pub(super) struct Postgres {
    strict_tls: bool,
}

/// Parameters of an address by which the app's driver checks the server's certificate, against the authorities that Java
/// trusts (documentation of PostgreSQL's JDBC driver, "Using SSL").
const STRICT: &str = "?sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory";

impl Postgres {
    pub(super) const fn new(arguments: &PostgresArguments) -> Self {
        Self {
            strict_tls: arguments.strict_tls,
        }
    }

    fn admin(&self, task: &StoreTask) -> Result<Admin, ProvisionError> {
        let tls = if self.strict_tls { Tls::Host } else { Tls::Offered };
        admin::read(&task.admin_folder, tls)
    }

    const fn parameters(&self) -> &'static str {
        if self.strict_tls { STRICT } else { "" }
    }
}

/// Logs in and out again.
pub(super) async fn log_in(login: &Admin) -> Result<(), PostgresError> {
    Session::open(login).await.map(drop)
}

/// Characters of a password: 190 bits.
const PASSWORD_LENGTH: usize = 32;

impl StoreKind for Postgres {
    type Made = Made;

    async fn make(&self, task: &StoreTask, made: &mut Made) -> Result<Keys, ProvisionError> {
        if task.purpose != Purpose::Database {
            return Err(PostgresError::Purpose.into());
        }
        let admin = self.admin(task)?;
        let names = Names::of(task)?;
        let password = Alphanumeric.sample_string(&mut rand::rng(), PASSWORD_LENGTH);
        // A verifier instead of the password: statements end up in the logs of servers.
        let verifier = postgres_protocol::password::scram_sha_256(password.as_bytes());
        let session = Session::open(&admin).await?;
        let facts = session.look(&names).await?;
        for statement in plan::creation(&facts, &names, &verifier)? {
            session.run(&statement).await?;
            // Noted only now: a statement that failed has made nothing that is ours to remove.
            made.note(&statement);
        }
        Ok(keys(&admin, &names, &password, self.parameters()))
    }

    async fn roll_back(&self, task: &StoreTask, made: Made) -> Result<(), ProvisionError> {
        let statements = plan::roll_back(&Names::of(task)?, &made);
        if statements.is_empty() {
            return Ok(());
        }
        // A session of its own: the one before may be what failed.
        let session = Session::open(&self.admin(task)?).await?;
        session.run_all(&statements).await?;
        Ok(())
    }

    async fn deprovision(&self, task: &StoreTask) -> Result<(), ProvisionError> {
        let names = Names::of(task)?;
        check_own(read_key(&task.instance_folder, database::NAME)?, &names)?;
        let session = Session::open(&self.admin(task)?).await?;
        let facts = session.look(&names).await?;
        session.run_all(&plan::removal(&facts, &names)?).await?;
        Ok(())
    }
}

/// A Secret that was changed by hand must not lead us to somebody else's database.
fn check_own(found: Option<String>, names: &Names) -> Result<(), PostgresError> {
    match found {
        Some(found) if found != names.database => Err(PostgresError::NotOwn {
            found,
            own: names.database.clone(),
        }),
        _ => Ok(()),
    }
}

fn keys(admin: &Admin, names: &Names, password: &str, parameters: &str) -> Keys {
    let host = admin.address();
    let url = format!("jdbc:postgresql://{host}/{}{parameters}", names.database);
    [
        (database::TYPE, "PostgreSQL"),
        (database::JDBC_URL, &url),
        (database::HOST, &host),
        (database::NAME, &names.database),
        (database::USER_NAME, &names.role),
        (database::PASSWORD, password),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}
