//! `kubectl mendix stop`, `start`, `pause`, `resume`, `restart` and `refresh`: declare, and follow.

use super::declared;
use crate::cli::{IntentArguments, ReplaceArguments};
use crate::cluster::Cluster;
use crate::deploy::wait::{WAIT, wait};
use crate::environment::Environment;
use crate::failure::{Failure, Request, explain};
use crate::gather::APPS;
use crate::intent::app::Intent;
use crate::intent::write;
use crate::outcome::Outcome;
use kube::Api;
use mendix_model::crd::Runtime;
use mendix_model::rules::{self, Violation};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks whether the controller knows.
const PAUSE: Duration = Duration::from_millis(200);

/// Declares what is intended with an app.
///
/// # Errors
/// There is no such app, it may not be changed, or with `--wait` it does not come to be as it is intended.
pub async fn intend(
    intent: Intent,
    arguments: &IntentArguments,
    environment: &mut Environment,
) -> anyhow::Result<Outcome> {
    declared::check_format(intent.done(), arguments.output)?;
    let cluster = Cluster::connect(&environment.target).await?;
    let name = &arguments.name;
    is_app(&cluster, name, intent.of_plain_manifests()).await?;
    let now = (environment.now)();
    let declaration = intent.declaration(now);
    let dry_run = arguments.dry_run;
    let written = write::declare(&cluster, name, dry_run, &declaration).await?;
    if arguments.wait && intent == Intent::Pause {
        let until = Instant::now() + environment.timeout.unwrap_or(WAIT);
        taken_up(&cluster, name, &written, until).await?;
    } else if arguments.wait {
        follow(&cluster, name, &written, environment).await?;
    }
    declared::print(
        &written,
        name,
        intent.done(),
        dry_run,
        arguments.output,
        environment,
    )?;
    Ok(Outcome::Done)
}

/// The same where all pods are replaced, which is refused where nobody would serve meanwhile.
///
/// # Errors
/// As [`intend`]; or nobody would serve, and nobody has allowed that.
pub async fn replace(
    intent: Intent,
    arguments: &ReplaceArguments,
    environment: &mut Environment,
) -> anyhow::Result<Outcome> {
    if !arguments.allow_downtime {
        let cluster = Cluster::connect(&environment.target).await?;
        let name = &arguments.intent.name;
        if let Some(violation) = runtime(&cluster, name).await?.and_then(|it| downtime(&it)) {
            return Err(Failure::refused(format!("{name} is not {}: {violation}", intent.done())).into());
        }
    }
    intend(intent, &arguments.intent, environment).await
}

fn downtime(runtime: &Runtime) -> Option<Violation> {
    let in_memory = runtime.status.as_ref().and_then(|status| status.in_memory);
    rules::served_replacement(&runtime.spec, in_memory.unwrap_or_default())
}

/// Only apps of ours are changed by what stands in their environment.
pub(super) async fn is_app(cluster: &Cluster, name: &str, of_plain_manifests: &str) -> Result<(), Failure> {
    let request = Request {
        verb: "get",
        resource: APPS,
        namespace: Some(&cluster.namespace),
    };
    let found = cluster.apps(&cluster.namespace).get_opt(name).await;
    if found.map_err(|error| explain(&error, &request))?.is_some() {
        return Ok(());
    }
    let namespace = &cluster.namespace;
    Err(
        Failure::new(format!("there is no MendixApp {name} in namespace {namespace}"))
            .hint("kubectl mendix status -A lists apps and environments")
            .hint(format!("of plain manifests: {of_plain_manifests}")),
    )
}

/// Follows an app from what was written into its environment until it is so.
pub(super) async fn follow(
    cluster: &Cluster,
    name: &str,
    written: &Value,
    environment: &mut Environment,
) -> anyhow::Result<()> {
    let until = Instant::now() + environment.timeout.unwrap_or(WAIT);
    taken_up(cluster, name, written, until).await?;
    let left = until.saturating_duration_since(Instant::now());
    wait(cluster, name, left, environment).await.map(drop)
}

/// Waits until the controller has read what was written: what the app's status says before that is of before.
async fn taken_up(cluster: &Cluster, name: &str, written: &Value, until: Instant) -> anyhow::Result<()> {
    let wanted = written["metadata"]["generation"].as_i64();
    loop {
        let seen = runtime(cluster, name)
            .await?
            .and_then(|it| it.status)
            .and_then(|it| it.environment_generation);
        if seen >= wanted {
            return Ok(());
        }
        if Instant::now() >= until {
            let failure = Failure::degraded(format!(
                "the controller has not taken up what is intended with {name}"
            ));
            return Err(failure
                .hint("kubectl get pods -n mendix-system shows whether it runs")
                .into());
        }
        sleep(PAUSE).await;
    }
}

/// What the controller runs of an app; nothing before it was ever to run.
pub(super) async fn runtime(cluster: &Cluster, name: &str) -> Result<Option<Runtime>, Failure> {
    let request = Request {
        verb: "get",
        resource: "runtimes.privatecloud.mendix.com",
        namespace: Some(&cluster.namespace),
    };
    let runtimes: Api<Runtime> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let found = runtimes.get_opt(name).await;
    found.map_err(|error| explain(&error, &request))
}
