//! DDL commands: moving the schema of the database that the last `start` went to.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio_postgres::{Client, Config};

use crate::database::{self, Database};
use crate::register::{Identity, Registration};
use crate::schema::{self, Move};
use crate::state::{Runtime, Status};

/// Why the schema was not moved.
#[derive(Debug, Error)]
pub enum Error {
    #[error("DDL commands are executed before the app runs")]
    Running,
    #[error("failed to use the database: {}", database::explain(.0))]
    Database(#[from] tokio_postgres::Error),
    #[error(transparent)]
    Schema(#[from] schema::Error),
}

/// The schema version; none when the database is empty.
///
/// # Errors
/// The connection is lost.
pub async fn version(runtime: &Runtime) -> Result<Option<String>, Error> {
    match postgres(runtime) {
        Some((config, _)) => Ok(schema::version(&database::connect(&config).await?).await?),
        None => Ok(runtime.state().memory_schema.clone()),
    }
}

/// Moves the schema to the model's, whatever the role of the process.
///
/// # Errors
/// The app runs, the model's option `failDdl` says so, or the database refuses.
pub async fn execute(runtime: &Runtime) -> Result<(), Error> {
    check(runtime)?;
    let Some((config, registration)) = postgres(runtime) else {
        return execute_in_memory(runtime);
    };
    let mut client = database::connect(&config).await?;
    execute_with(runtime, &mut client, registration.identity()).await
}

/// Moves the schema unless another process was first. The lock ends with the connection, so a killed process leaves
/// none behind.
///
/// # Errors
/// As [`execute`].
pub async fn execute_first(runtime: &Runtime) -> Result<(), Error> {
    check(runtime)?;
    let Some((config, registration)) = postgres(runtime) else {
        return execute_in_memory(runtime);
    };
    let mut client = database::connect(&config).await?;
    client.batch_execute(LOCK).await?;
    if schema::version(&client).await?.as_ref() == Some(&runtime.package.schema) {
        return Ok(());
    }
    execute_with(runtime, &mut client, registration.identity()).await
}

/// Any number will do: the database belongs to one app.
const LOCK: &str = "SELECT pg_advisory_lock(1)";

fn check(runtime: &Runtime) -> Result<(), Error> {
    match runtime.status() {
        Status::Created => Ok(()),
        _ => Err(Error::Running),
    }
}

async fn execute_with(runtime: &Runtime, client: &mut Client, by: &Identity) -> Result<(), Error> {
    let options = &runtime.package.options;
    let change = Move {
        to: &runtime.package.schema,
        by,
        fails: options.fail_ddl,
        delay: Duration::from_millis(options.ddl_delay_millis),
    };
    Ok(schema::execute(client, &change).await?)
}

fn execute_in_memory(runtime: &Runtime) -> Result<(), Error> {
    if runtime.package.options.fail_ddl {
        return Err(schema::Error::Option.into());
    }
    runtime.state().memory_schema = Some(runtime.package.schema.clone());
    Ok(())
}

/// The PostgreSQL that the last `start` went to; none with a database in memory.
fn postgres(runtime: &Runtime) -> Option<(Config, Arc<Registration>)> {
    let state = runtime.state();
    let Some(Database::Postgres(config)) = &state.database else {
        return None;
    };
    state
        .registration
        .clone()
        .map(|registration| (config.as_ref().clone(), registration))
}
