//! `kubectl mendix unprotect`: say so, wait until the controller has freed everything, take label and rights away.

use crate::cli::{DryRun, UnprotectArguments};
use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::protect::gather::namespace;
use crate::protect::{Guard, freed, rights, write};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::ResourceExt;
use mendix_model::names::GUARD_LABEL;
use std::io::Write as _;
use std::time::Duration;

/// How long freeing may take when nobody says it.
const WAIT: Duration = Duration::from_mins(10);

/// Ends the guard of a namespace.
///
/// No gate and no finalizer is taken off here: only the controller knows what may run. So the label says `leaving` until
/// nothing bears one any more, and the rights, which the controller needs for that, go last.
///
/// # Errors
/// The namespace cannot be read or changed, or something is left when the time is over.
pub async fn unprotect(
    arguments: &UnprotectArguments,
    environment: &mut Environment,
) -> anyhow::Result<Outcome> {
    let cluster = Cluster::connect(&environment.target).await?;
    let found = namespace(&cluster).await.map_err(|error| error.failure)?;
    let guarded = found.labels().contains_key(GUARD_LABEL);
    if arguments.dry_run == Some(DryRun::Client) {
        return say(&cluster, guarded, " (client dry run)", environment);
    }
    let dry_run = arguments.dry_run.is_some();
    if guarded {
        write::label(&cluster, Some(Guard::Leaving), dry_run).await?;
        if !dry_run {
            wait(&cluster, environment).await?;
        }
        write::label(&cluster, None, dry_run).await?;
    }
    // What an earlier run that was interrupted has left goes as well.
    write::remove::<RoleBinding>(&cluster, rights::NAME, dry_run).await?;
    write::remove::<Role>(&cluster, rights::NAME, dry_run).await?;
    say(
        &cluster,
        guarded,
        if dry_run { " (server dry run)" } else { "" },
        environment,
    )
}

async fn wait(cluster: &Cluster, environment: &mut Environment) -> anyhow::Result<()> {
    let name = &cluster.namespace;
    environment.note(&format!(
        "namespace/{name} labelled {GUARD_LABEL}={}: the controller opens what may open, and lets go what has ended",
        Guard::Leaving.as_str()
    ));
    born_without(cluster, environment).await;
    let timeout = environment.timeout.unwrap_or(WAIT);
    let Err(state) = freed(cluster, timeout, environment).await? else {
        return Ok(());
    };
    let seconds = timeout.as_secs();
    let failure = Failure::degraded(format!(
        "namespace {name} is not free after {seconds} s: {}",
        state.message
    ))
    .hint("the controller goes on; the same command finishes, once it is done")
    .hint("a pod on a node that is lost for good is let go after kubectl mendix fence NODE")
    .hint(format!("kubectl mendix protect -n {name} guards it again"));
    Err(failure.into())
}

/// A pod that is still born with the gate after the last look would wait for ever, so that look comes after this.
async fn born_without(cluster: &Cluster, environment: &mut Environment) {
    match write::gating_becomes(cluster, false).await {
        Ok(true) => {}
        Ok(false) => environment.warn(
            "new pods of the namespace still get the gate: it is among the values `namespaces` of the chart, and is \
             guarded as long as it stays there",
        ),
        // Without the right to create pods it cannot be asked; a moment of waiting is as good almost always.
        Err(failure) => environment.warn(&format!("it is not known whether new pods still get the gate: {failure}")),
    }
}

fn say(
    cluster: &Cluster,
    guarded: bool,
    suffix: &str,
    environment: &mut Environment,
) -> anyhow::Result<Outcome> {
    let name = &cluster.namespace;
    if guarded {
        writeln!(environment.out.writer, "namespace/{name} unprotected{suffix}")?;
    } else {
        environment.note(&format!("namespace {name} is not guarded"));
    }
    Ok(Outcome::Done)
}
