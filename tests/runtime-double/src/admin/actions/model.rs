//! Starting the model and moving its schema.

use std::sync::Arc;

use serde_json::json;

use super::super::answer::Answer;
use super::super::request::Request;
use crate::state::Runtime;
use crate::{ddl, schema, start};

const FAILED: i64 = 1;

pub(super) async fn start(runtime: Arc<Runtime>, request: &Request) -> Answer {
    match start::start(runtime, request.flag("autocreatedb")).await {
        Ok(()) => Answer::done(),
        Err(failure) => Answer::failed(failure.result, failure.message).and_feedback(failure.feedback),
    }
}

pub(super) async fn get_ddl_commands(runtime: &Runtime, request: &Request) -> Answer {
    match ddl::version(runtime).await {
        Ok(version) => {
            let mut commands = schema::commands(version.as_deref(), &runtime.package.schema);
            if request.flag("verbose") && !commands.is_empty() {
                commands.insert(0, format!("-- schema version {}", runtime.package.schema));
            }
            Answer::with(json!({ "ddl_commands": commands }))
        }
        Err(error) => Answer::failed(FAILED, error.to_string()),
    }
}

/// Moves the schema. A worker that is asked to does so as well, as a real one would; the register notes its role.
pub(super) async fn execute_ddl_commands(runtime: &Runtime) -> Answer {
    match ddl::execute(runtime).await {
        Ok(()) => Answer::done(),
        Err(error) => Answer::failed(FAILED, error.to_string()),
    }
}
