//! `kubectl mendix safe-rollout`: change what runs, follow the rollout to its end, tell how it went.
//!
//! The order is kept by the controller, not here: a command that is interrupted leaves a rollout that goes on.

use super::{deploy, history};
use crate::cli::{DeployArguments, DryRun, SafeRolloutArguments};
use crate::cluster::Cluster;
use crate::deploy::{FIELD_MANAGER, healthy, wait};
use crate::environment::Environment;
use crate::failure::{Failure, Request, explain};
use crate::follow::{Ending, changes_of_app, follow, telling};
use crate::gather::ReadError;
use crate::intent::write;
use crate::outcome::Outcome;
use crate::print::{Layout, history as table};
use crate::rollout::{Change, Kind, Reference, changes};
use crate::view::Health;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use kube::Api;
use kube::api::{Patch, PatchParams};
use mendix_model::crd::Rollout;
use mendix_model::crd::rollout::RolloutOutcome;
use std::time::Duration;

/// Rolls out another package or image.
///
/// # Errors
/// What is asked for cannot be done or is refused; or the rollout cannot go on, or is not over in time.
pub async fn safe_rollout(
    arguments: SafeRolloutArguments,
    environment: &mut Environment,
) -> anyhow::Result<Outcome> {
    if arguments.output.is_some() {
        environment.stream_events();
    }
    let cluster = Cluster::connect(&environment.target).await?;
    let name = match (&arguments.leader, arguments.name) {
        (Some(leader), _) => {
            let image = arguments.source.image.as_deref().unwrap_or_default();
            let asked = planned(&cluster, leader, &arguments.workers, image, environment).await?;
            perform(
                &cluster,
                &asked.name,
                &asked.changes,
                arguments.dry_run,
                environment,
            )
            .await?;
            asked.name
        }
        (None, name) => {
            let app = DeployArguments {
                name: name.clone(),
                source: arguments.source,
                dry_run: arguments.dry_run,
                wait: arguments.dry_run.is_none(),
                ..DeployArguments::default()
            };
            deploy::deploy(&app, environment).await?;
            name.unwrap_or_default()
        }
    };
    if arguments.dry_run.is_some() {
        return Ok(Outcome::Done);
    }
    if let Some(last) = rollouts(&cluster, &name).await?.pop() {
        tell(&last, environment);
    }
    healthy::stays_ready(&cluster, &name, arguments.healthy_for, environment).await?;
    Ok(Outcome::Done)
}

fn tell(rollout: &Rollout, environment: &mut Environment) {
    if environment.events {
        return environment.event("rollout", rollout);
    }
    let table = table::history(
        std::slice::from_ref(rollout),
        Layout::default(),
        (environment.now)(),
    );
    environment.note(table.trim_end());
}

/// What is asked of plain workloads.
pub(super) struct Asked {
    /// Environment of the workloads.
    pub(super) name: String,
    /// What is to be written into them.
    pub(super) changes: Vec<Change>,
    /// Pods that work now.
    pub(super) workers: i32,
}

/// Reads the workloads, and decides what is to be written.
pub(super) async fn planned(
    cluster: &Cluster,
    leader: &Reference,
    workers: &[Reference],
    image: &str,
    environment: &mut Environment,
) -> anyhow::Result<Asked> {
    let Some((of_leader, _)) = workload(cluster, leader).await? else {
        return Err(Failure::new(format!("{leader} is not there")).into());
    };
    let (mut present, mut working) = (Vec::new(), 0);
    for worker in workers {
        match workload(cluster, worker).await? {
            Some((template, replicas)) => {
                present.push((worker, template));
                working += replicas;
            }
            None => environment.note(&format!("{worker} is not there yet")),
        }
    }
    let changes = changes((leader, &of_leader), &present, image)?;
    let name = changes.last().map(|change| change.environment.clone());
    Ok(Asked {
        name: name.unwrap_or_default(),
        changes,
        workers: working,
    })
}

/// Writes the changes, and follows the environment to the end of its rollout.
async fn perform(
    cluster: &Cluster,
    name: &str,
    changes: &[Change],
    dry_run: Option<DryRun>,
    environment: &mut Environment,
) -> anyhow::Result<()> {
    let before = rollouts(cluster, name)
        .await?
        .last()
        .map_or(0, |last| last.number);
    for change in changes {
        patch(cluster, change, dry_run).await?;
        let done = if change.patch.is_some() {
            "image updated"
        } else {
            "has this image already"
        };
        let suffix = DryRun::suffix(dry_run);
        environment.note(&format!("{} {done}{suffix}", change.workload));
    }
    if dry_run.is_some() {
        return Ok(());
    }
    let timeout = environment.timeout.unwrap_or(wait::WAIT);
    // Without another template of the leader no rollout begins.
    if changes.last().is_some_and(|change| change.patch.is_some()) {
        return ended(cluster, name, before, timeout, environment).await;
    }
    wait::wait_for_any(cluster, name, timeout, environment)
        .await
        .map(drop)
}

/// Template and number of pods of a workload.
async fn workload(
    cluster: &Cluster,
    reference: &Reference,
) -> Result<Option<(PodTemplateSpec, i32)>, Failure> {
    let (client, namespace, name) = (cluster.client.clone(), &cluster.namespace, &reference.name);
    let read = match reference.kind {
        Kind::Deployment => Api::<Deployment>::namespaced(client, namespace)
            .get_opt(name)
            .await
            .map(|found| {
                found
                    .and_then(|it| it.spec)
                    .map(|it| (it.template, it.replicas.unwrap_or(1)))
            }),
        Kind::StatefulSet => Api::<StatefulSet>::namespaced(client, namespace)
            .get_opt(name)
            .await
            .map(|found| {
                found
                    .and_then(|it| it.spec)
                    .map(|it| (it.template, it.replicas.unwrap_or(1)))
            }),
    };
    read.map_err(|error| explain(&error, &request("get", reference, namespace)))
}

async fn patch(cluster: &Cluster, change: &Change, dry_run: Option<DryRun>) -> Result<(), Failure> {
    let Some(patch) = change.patch.as_ref().filter(|_| dry_run != Some(DryRun::Client)) else {
        return Ok(());
    };
    let (client, namespace) = (cluster.client.clone(), &cluster.namespace);
    let name = &change.workload.name;
    let parameters = PatchParams {
        dry_run: dry_run.is_some(),
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    };
    let patch = Patch::Strategic(patch);
    let written = match change.workload.kind {
        Kind::Deployment => Api::<Deployment>::namespaced(client, namespace)
            .patch(name, &parameters, &patch)
            .await
            .map(drop),
        Kind::StatefulSet => Api::<StatefulSet>::namespaced(client, namespace)
            .patch(name, &parameters, &patch)
            .await
            .map(drop),
    };
    written.map_err(|error| explain(&error, &request("patch", &change.workload, namespace)))
}

const fn request<'a>(verb: &'a str, reference: &Reference, namespace: &'a str) -> Request<'a> {
    Request {
        verb,
        resource: match reference.kind {
            Kind::Deployment => "deployments.apps",
            Kind::StatefulSet => "statefulsets.apps",
        },
        namespace: Some(namespace),
    }
}

async fn rollouts(cluster: &Cluster, name: &str) -> Result<Vec<Rollout>, Failure> {
    history::rollouts(&write::read(&cluster.client, &cluster.namespace, name).await?)
}

/// Waits until a rollout later than that number has ended.
async fn ended(
    cluster: &Cluster,
    name: &str,
    before: i64,
    timeout: Duration,
    environment: &mut Environment,
) -> anyhow::Result<()> {
    let look = async || {
        let all = rollouts(cluster, name).await.map_err(ReadError::passing)?;
        Ok(all.into_iter().rfind(|it| it.number > before))
    };
    let tell = telling(environment, |seen: &Option<Rollout>| match seen {
        None => format!("{name}: the controller takes the new image up"),
        Some(rollout) => format!("{name}: rollout {} is {:?}", rollout.number, rollout.outcome),
    });
    let (changes, health) = (changes_of_app(cluster, name), |seen: &Option<Rollout>| {
        health(seen.as_ref())
    });
    match follow(changes, look, health, tell, Some(timeout)).await? {
        Ending::Settled(Some(last)) if last.outcome == RolloutOutcome::Succeeded => Ok(()),
        Ending::Settled(last) => Err(failed(name, last.and_then(|last| last.message)).into()),
        Ending::TimedOut(_) => Err(late(name, &cluster.namespace, timeout).into()),
    }
}

fn health(rollout: Option<&Rollout>) -> Health {
    match rollout.map(|rollout| rollout.outcome) {
        Some(RolloutOutcome::Succeeded) => Health::Ready,
        Some(RolloutOutcome::Failed) => Health::Stalled,
        Some(RolloutOutcome::Running | RolloutOutcome::Superseded) | None => Health::Progressing,
    }
}

fn failed(name: &str, message: Option<String>) -> Failure {
    let cause = message.unwrap_or_else(|| "the controller gives no cause".to_owned());
    Failure::new(format!("the rollout of {name} cannot go on: {cause}"))
        .hint("mend what failed and roll that out; workers wait at the gate until a leader is ready")
        .hint("kubectl rollout undo goes back, as long as the database has the schema of the earlier model (MX009)")
}

fn late(name: &str, namespace: &str, timeout: Duration) -> Failure {
    let seconds = timeout.as_secs();
    Failure::degraded(format!("the rollout of {name} is not over after {seconds} s")).hint(format!(
        "it goes on; kubectl mendix status {name} -n {namespace} --watch follows it"
    ))
}
