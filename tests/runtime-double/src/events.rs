//! Scheduled events: every one that this process runs writes a row each second, so that double runs show.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_postgres::{Client, Config, Error};

use crate::database::{self, Database};
use crate::log;
use crate::register::Role;
use crate::settings::Settings;
use crate::state::{Runtime, Status};

/// Starts the events that fall to this process.
pub fn run(runtime: &Arc<Runtime>, database: &Database, settings: &Settings) {
    let Database::Postgres(config) = database else {
        return;
    };
    let metadata = &runtime.package.metadata;
    if runtime.role(settings) == Role::Worker && !metadata.events_run_on_workers() {
        return;
    }
    let events = settings.scheduled_events(metadata.scheduled_events.iter().map(|event| event.name.as_str()));
    if !events.is_empty() {
        tokio::spawn(keep_running(Arc::clone(runtime), config.as_ref().clone(), events));
    }
}

async fn keep_running(runtime: Arc<Runtime>, config: Config, events: Vec<String>) {
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut client = None;
    while runtime.status() != Status::Stopping {
        tick.tick().await;
        client = match write(client, &config, &runtime, &events).await {
            Ok(client) => Some(client),
            Err(error) => {
                log::error(
                    "TaskQueue",
                    &format!("scheduled events failed: {}", database::explain(&error)),
                );
                None
            }
        };
    }
}

async fn write(
    client: Option<Client>,
    config: &Config,
    runtime: &Runtime,
    events: &[String],
) -> Result<Client, Error> {
    let client = match client {
        Some(client) => client,
        None => database::connect(config).await?,
    };
    let registration = runtime.state().registration.clone();
    let process = registration
        .map(|registration| registration.identity().id.clone())
        .unwrap_or_default();
    let statement = "INSERT INTO runtime_double.event_run (process, event) SELECT $1, unnest($2::text[])";
    client.execute(statement, &[&process, &events]).await?;
    Ok(client)
}
