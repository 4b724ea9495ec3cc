//! `kubectl mendix adopt`: look at the claim, ask, declare.

use super::declared;
use crate::cli::AdoptArguments;
use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::intent::{adopt, confirm, write};
use crate::outcome::Outcome;
use kube::Api;
use mendix_model::crd::DatabaseClaim;
use serde_json::Value;

/// Declares that an environment takes its database over, or that the database was restored.
///
/// # Errors
/// There is nothing to take over, nobody says yes, or the environment cannot be changed.
pub async fn adopt(arguments: &AdoptArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    declared::check_format("adopted", arguments.output)?;
    let cluster = Cluster::connect(&environment.target).await?;
    let restored = arguments.restored.as_deref();
    let name = &arguments.name;
    let live = write::read(&cluster.client, &cluster.namespace, name).await?;
    let claim = claim(&cluster, &live).await;
    if restored.is_none() {
        adopt::check(&cluster.namespace, name, claim.as_ref())?;
    }
    environment.warn(&adopt::assertion(name, restored, claim.as_ref()));
    if arguments.dry_run.is_none() {
        confirm(environment, "Is that so?", arguments.yes)?;
    }
    let declaration = adopt::declaration(restored, (environment.now)());
    let dry_run = arguments.dry_run;
    let written = write::declare(&cluster, name, dry_run, &declaration).await?;
    declared::print(&written, name, "patched", dry_run, arguments.output, environment)?;
    if arguments.dry_run.is_none() {
        environment.note(&format!(
            "the controller acts on it; kubectl get environments.guard.kubectl-mendix.io {name} -n {} -w shows what comes \
             of it",
            cluster.namespace
        ));
    }
    Ok(Outcome::Done)
}

/// The claim that the environment has or wants. Nothing where it may not be read: then it names another team's
/// namespace to nobody who may not know it.
async fn claim(cluster: &Cluster, live: &Value) -> Option<DatabaseClaim> {
    let name = live["status"]["claim"].as_str()?;
    let claims = Api::<DatabaseClaim>::all(cluster.client.clone());
    claims.get_opt(name).await.ok().flatten()
}
