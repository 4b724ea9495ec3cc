//! Whether the database is there and lets the app in.
//!
//! PostgreSQL is logged in to; of the others only the server is reached, for there is no driver here for them.

use super::super::{PostgresError, ProvisionError, postgres};
use super::JdbcError;
use super::declared::Declared;
use crate::network::innermost;
use crate::settings::SettingsError;
use mendix_model::database::Kind;
use mendix_model::secret_store::database;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a server may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// Tries the servers one after the other, as drivers do; the first that lets us in is enough.
pub(super) async fn check(declared: &Declared) -> Result<(), ProvisionError> {
    let mut result = Err(JdbcError::NoServer { key: declared.place }.into());
    for (host, port) in &declared.target.servers {
        result = check_server(declared, host, *port).await;
        if result.is_ok() {
            break;
        }
    }
    result
}

async fn check_server(declared: &Declared, host: &str, port: u16) -> Result<(), ProvisionError> {
    let Some(login) = login(declared, host, port)? else {
        reach(host, port, declared.place).await?;
        let type_ = declared.target.kind.runtime_word();
        tracing::info!(host, port, type_, "reached the server; the login is not tried");
        return Ok(());
    };
    let checked = postgres::log_in(&login).await;
    checked.map_err(|error| JdbcError::of_postgres(error, declared.place))?;
    tracing::info!(server = login.address(), "logged in");
    Ok(())
}

/// Nothing where no login can be tried: another product, or a password that only the app's own identity gets.
fn login(declared: &Declared, host: &str, port: u16) -> Result<Option<postgres::Admin>, SettingsError> {
    let target = &declared.target;
    let Some(password) = declared.keys.get(database::PASSWORD) else {
        return Ok(None);
    };
    if target.kind != Kind::PostgreSql {
        return Ok(None);
    }
    let user = target.user.clone();
    Ok(Some(postgres::Admin {
        host: host.to_owned(),
        port,
        user: user.ok_or(SettingsError::AdminKey(database::USER_NAME))?,
        password: password.clone(),
        database: target.name.clone().unwrap_or_default(),
        tls: target.tls,
    }))
}

async fn reach(host: &str, port: u16, key: &'static str) -> Result<(), JdbcError> {
    let reached = timeout(LIMIT, TcpStream::connect((host, port))).await;
    let cause = match reached {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => innermost(&error),
        Err(_) => innermost(&io::Error::from(io::ErrorKind::TimedOut)),
    };
    let host = format!("{host}:{port}");
    Err(JdbcError::of_postgres(PostgresError::unreached(host, cause), key))
}
