//! What the guard has to do with the database, decided from what it is told.

use super::login::Login;
use crate::assignment::Assignment;
use mendix_model::database::{Address, Kind, Tls};
use mendix_model::lease::{Process, Told};
use mendix_model::names::Role;
use mendix_model::secret_store::{database, database_keys};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A process with a place to look for its row.
pub(crate) struct Part {
    pub(super) process: Process,
    /// The servers in the order in which the driver tries them.
    pub(super) logins: Vec<Login>,
    pub(super) tls: Tls,
    /// PEM files that are trusted besides the authorities of the public web; none where no certificate is looked at.
    pub(super) authorities: Vec<PathBuf>,
}

/// Why there is no row: level L2 holds, and no more.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Absence {
    #[error(
        "the pod is not told whose it is: an earlier release made it or let it start, or its gate was taken off by hand; the \
         next one is told"
    )]
    NotTold,
    #[error("the database is in the memory of the process, so nobody else can be on it")]
    InMemory,
    #[error("rows are kept on PostgreSQL only, and the database is none")]
    OtherProduct,
    #[error("it is not known how to reach the database: {0}")]
    Unknown(String),
    #[error("no password of the database is told, so it is only the app that can log in")]
    NoPassword,
    #[error("the guard cannot log in to the database as the app does: {0}")]
    NoLogin(String),
    /// Found out on the database itself.
    #[error("{0}")]
    NoRight(String),
}

/// What a part is decided from.
pub(crate) struct Given {
    pub(crate) told: Option<Told>,
    pub(crate) pod: String,
    pub(crate) role: Role,
    /// The database in the documented keys of a Secret.
    pub(crate) keys: BTreeMap<String, String>,
    /// PEM files that the runtime is told of too.
    pub(crate) authorities: Vec<PathBuf>,
}

impl From<&Assignment> for Given {
    fn from(assignment: &Assignment) -> Self {
        let keys = if assignment.database.is_empty() {
            database_keys(&assignment.configuration.settings)
        } else {
            assignment.database.clone()
        };
        let authorities = assignment.configuration.authorities.iter();
        let authorities = authorities.map(|file| assignment.configuration_folder.join(file));
        Self {
            told: assignment.lease.clone(),
            pod: assignment.pod.clone(),
            role: assignment.role,
            keys,
            authorities: authorities.collect(),
        }
    }
}

/// Decides what the guard has to do with the database; `instance` is random.
pub(crate) fn part(given: Given, instance: String) -> Result<Part, Absence> {
    let told = given.told.ok_or(Absence::NotTold)?;
    let keys = &given.keys;
    let address = Address::of_keys(keys);
    let target = address
        .target()
        .map_err(|problem| Absence::Unknown(problem.to_string()))?;
    match target.kind {
        Kind::PostgreSql => {}
        Kind::Hsqldb => return Err(Absence::InMemory),
        _ => return Err(Absence::OtherProduct),
    }
    let password = keys.get(database::PASSWORD).ok_or(Absence::NoPassword)?;
    let user = target.user.as_ref().ok_or_else(|| unknown("user"))?;
    let name = target.name.as_ref().unwrap_or(user);
    let login = |(host, port): &(String, u16)| Login {
        host: host.clone(),
        port: *port,
        user: user.clone(),
        password: password.clone(),
        name: name.clone(),
    };
    let logins: Vec<Login> = target.servers.iter().map(login).collect();
    if logins.is_empty() {
        return Err(unknown("server"));
    }
    Ok(Part {
        process: told.process(instance, given.pod, given.role),
        logins,
        authorities: if target.tls.is_checked() {
            given.authorities
        } else {
            Vec::new()
        },
        tls: target.tls,
    })
}

fn unknown(what: &str) -> Absence {
    Absence::Unknown(format!("it has no {what} that can be told from outside"))
}
