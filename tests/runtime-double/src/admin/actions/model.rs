//! Starting the model and moving its schema.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio_postgres::{Client, Config};

use super::super::answer::Answer;
use super::super::request::Request;
use crate::database::{self, Database};
use crate::register::{Identity, Registration};
use crate::schema::{self, Move};
use crate::start;
use crate::state::{Runtime, Status};

const FAILED: i64 = 1;

pub(super) async fn start(runtime: Arc<Runtime>, request: &Request) -> Answer {
    match start::start(runtime, request.flag("autocreatedb")).await {
        Ok(()) => Answer::done(),
        Err(failure) => Answer::failed(failure.result, failure.message).and_feedback(failure.feedback),
    }
}

pub(super) async fn get_ddl_commands(runtime: &Runtime, request: &Request) -> Answer {
    match version(runtime).await {
        Ok(version) => {
            let mut commands = schema::commands(version.as_deref(), &runtime.package.schema);
            if request.flag("verbose") && !commands.is_empty() {
                commands.insert(0, format!("-- schema version {}", runtime.package.schema));
            }
            Answer::with(json!({ "ddl_commands": commands }))
        }
        Err(error) => unusable(&error),
    }
}

async fn version(runtime: &Runtime) -> Result<Option<String>, tokio_postgres::Error> {
    match postgres(runtime) {
        Some((config, _)) => schema::version(&database::connect(&config).await?).await,
        None => Ok(runtime.state().memory_schema.clone()),
    }
}

/// Moves the schema. A worker that is asked to does so as well, as a real one would; the register notes its role.
pub(super) async fn execute_ddl_commands(runtime: &Runtime) -> Answer {
    if runtime.status() != Status::Created {
        return Answer::failed(FAILED, "DDL commands are executed before the app runs");
    }
    let Some((config, registration)) = postgres(runtime) else {
        return execute_in_memory(runtime);
    };
    match database::connect(&config).await {
        Ok(client) => execute(runtime, client, registration.identity()).await,
        Err(error) => unusable(&error),
    }
}

async fn execute(runtime: &Runtime, mut client: Client, by: &Identity) -> Answer {
    let options = &runtime.package.options;
    let delay = Duration::from_millis(options.ddl_delay_millis);
    let change = Move {
        to: &runtime.package.schema,
        by,
        fails: options.fail_ddl,
        delay,
    };
    match schema::execute(&mut client, &change).await {
        Ok(()) => Answer::done(),
        Err(error) => Answer::failed(FAILED, error.to_string()),
    }
}

fn execute_in_memory(runtime: &Runtime) -> Answer {
    if runtime.package.options.fail_ddl {
        return Answer::failed(FAILED, schema::Error::Option.to_string());
    }
    runtime.state().memory_schema = Some(runtime.package.schema.clone());
    Answer::done()
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

fn unusable(error: &tokio_postgres::Error) -> Answer {
    Answer::failed(
        FAILED,
        format!("failed to use the database: {}", database::explain(error)),
    )
}
