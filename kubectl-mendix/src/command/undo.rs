//! `kubectl mendix undo`: look whether the database allows it, declare, follow.

use super::{declared, history, intend};
use crate::cli::UndoArguments;
use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::intent::{adopt, confirm, write};
use crate::outcome::Outcome;
use mendix_model::crd::claim::Schema;
use mendix_model::crd::environment::Restored;
use mendix_model::rollout::undo::{Refusal, target, undo as declaration};
use serde_json::{Value, json};

/// Declares that an earlier model is to run again.
///
/// # Errors
/// No earlier model is known, the database may have moved on, or the environment cannot be changed.
pub async fn undo(arguments: &UndoArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    declared::check_format("undone", arguments.output)?;
    let cluster = Cluster::connect(&environment.target).await?;
    let name = &arguments.name;
    intend::is_app(
        &cluster,
        name,
        "kubectl rollout undo its workloads: the gate keeps the order",
    )
    .await?;
    let live = write::read(&cluster.client, &cluster.namespace, name).await?;
    let wish = if arguments.cancel {
        cancelled(&live, name)?
    } else {
        let asked = asked(&cluster, name).await?;
        wish(arguments, &live, &asked, (environment.now)().to_string())?
    };
    if let (Some(restored), None) = (wish["restored"]["model"].as_str(), arguments.dry_run) {
        environment.warn(&adopt::assertion(name, Some(restored), None));
        confirm(environment, "Is that so?", arguments.yes)?;
    }
    let written = write::declare(&cluster, name, arguments.dry_run, &wish).await?;
    if arguments.wait {
        intend::follow(&cluster, name, &written, environment).await?;
    }
    let done = if arguments.cancel { "redone" } else { "undone" };
    declared::print(
        &written,
        name,
        done,
        arguments.dry_run,
        arguments.output,
        environment,
    )?;
    Ok(Outcome::Done)
}

/// The part of the environment's spec that takes an undo back.
fn cancelled(live: &Value, name: &str) -> Result<Value, Failure> {
    if live["spec"]["undo"].is_null() {
        return Err(Failure::new(format!(
            "{name} was not undone, so there is nothing to cancel"
        )));
    }
    Ok(json!({ "undo": null }))
}

/// Model that the app asks for.
async fn asked(cluster: &Cluster, name: &str) -> Result<String, Failure> {
    let runtime = intend::runtime(cluster, name).await?;
    let never = || Failure::new(format!("{name} has never run, so nothing can be undone"));
    Ok(runtime.ok_or_else(never)?.spec.model)
}

/// The part of the environment's spec that says so.
fn wish(arguments: &UndoArguments, live: &Value, asked: &str, id: String) -> Result<Value, Failure> {
    let rollouts = history::rollouts(live)?;
    let to = target(&rollouts, arguments.to).map_err(|refusal| refused(&refusal, &arguments.name))?;
    let schema: Option<Schema> =
        serde_json::from_value(live["status"]["schema"].clone()).map_err(|error| {
            Failure::new(format!(
                "failed to understand what is known of the schema: {error}"
            ))
        })?;
    let undo = declaration(id.clone(), asked, to, schema.as_ref(), arguments.restored)
        .map_err(|refusal| refused(&refusal, &arguments.name))?;
    let mut wish = json!({ "undo": undo });
    if arguments.restored {
        let model = to.wanted.model.clone();
        wish["restored"] = json!(Restored { id, model });
    }
    Ok(wish)
}

fn refused(refusal: &Refusal, name: &str) -> Failure {
    let message = format!("{name} is not undone: {refusal}");
    match refusal {
        Refusal::SchemaMoved(_) => Failure::refused(message).hint("kubectl mendix explain MX009 says why"),
        Refusal::Nothing => Failure::new(message),
        Refusal::Unknown(_) | Refusal::SameModel(_) | Refusal::NoImage(_) => {
            Failure::usage(message).hint(format!("kubectl mendix history {name} lists what is remembered"))
        }
    }
}
