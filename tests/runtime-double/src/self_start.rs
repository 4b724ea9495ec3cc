//! A process that starts itself: the start scripts' part, from the configuration to the running app.

use std::sync::Arc;
use std::time::Duration;

use crate::launch::{Plan, Synchronise};
use crate::start::SCHEMA_DIFFERS;
use crate::state::{Exit, Runtime};
use crate::{ddl, log, start};

/// How long the buildpack waits for another process to update the schema, in milliseconds (cf-mendix-buildpack).
const FOLLOWER_WAIT: u64 = 10_000;

/// Configures and starts the app; a start that fails ends the process.
pub async fn run(runtime: Arc<Runtime>, plan: Plan) {
    runtime.state().settings.merge(&plan.settings);
    if let Err(reason) = until_running(&runtime, plan.synchronise).await {
        log::error("Double", &format!("starting the application failed: {reason}"));
        runtime.exit(Exit::Stop(runtime.environment.launch.failure_code()));
    }
}

/// Starts again and again while the schema differs and nothing else is wrong, without a limit, as the scripts do.
async fn until_running(runtime: &Arc<Runtime>, synchronise: Synchronise) -> Result<(), String> {
    loop {
        let Err(failure) = start::start(Arc::clone(runtime), true).await else {
            return Ok(());
        };
        if failure.result != SCHEMA_DIFFERS {
            return Err(failure.message);
        }
        let moved = match synchronise {
            Synchronise::Lead => ddl::execute(runtime).await,
            Synchronise::First => ddl::execute_first(runtime).await,
            Synchronise::Follow => {
                wait(runtime).await;
                Ok(())
            }
        };
        moved.map_err(|error| error.to_string())?;
    }
}

async fn wait(runtime: &Runtime) {
    let millis = runtime
        .package
        .options
        .follower_wait_millis
        .unwrap_or(FOLLOWER_WAIT);
    log::info(
        "Double",
        &format!("waiting {millis} ms for the leader to update the schema"),
    );
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
