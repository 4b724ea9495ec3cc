//! Writes claims: made once by whoever comes first, then swapped as they were read.

use super::act::Outcome;
use super::observe::{Observed, own};
use super::read;
use crate::context::Context;
use crate::error::Error;
use kube::api::{DeleteParams, ListParams, ObjectMeta, PostParams, Preconditions};
use kube::{Api, ResourceExt};
use mendix_model::crd::DatabaseClaim;
use mendix_model::crd::claim::DatabaseClaimSpec;
use mendix_model::names;
use std::collections::BTreeMap;

/// Makes or swaps the claim. Another writer in between makes the round outdated.
pub(crate) async fn write(
    context: &Context,
    observed: &Observed,
    record: &DatabaseClaimSpec,
) -> Result<Outcome, Error> {
    let Ok(name) = &observed.claim_name else {
        return Ok(Outcome::Done);
    };
    let claims = claims(context);
    let parameters = PostParams {
        field_manager: Some(names::FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    };
    let written = match &observed.claim {
        Some(claim) => {
            let mut next = DatabaseClaim {
                spec: record.clone(),
                ..claim.clone()
            };
            next.metadata.labels = Some(labels(observed));
            claims.replace(name, &parameters, &next).await
        }
        None => claims.create(&parameters, &new(observed, name, record)).await,
    };
    match written {
        Ok(claim) => Ok(Outcome::ClaimWritten(Box::new(claim))),
        Err(kube::Error::Api(answer)) if answer.is_conflict() || answer.is_already_exists() => {
            Ok(Outcome::Outdated)
        }
        Err(kube::Error::Api(answer)) if answer.is_not_found() && observed.claim.is_some() => {
            Ok(Outcome::Outdated)
        }
        Err(error) => Err(Error::write(format!("DatabaseClaim {name}"))(error)),
    }
}

fn new(observed: &Observed, name: &str, record: &DatabaseClaimSpec) -> DatabaseClaim {
    DatabaseClaim {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(labels(observed)),
            finalizers: Some(vec![names::CLAIM_FINALIZER.to_owned()]),
            ..ObjectMeta::default()
        },
        spec: record.clone(),
    }
}

/// By these a claim that changes wakes its environment.
fn labels(observed: &Observed) -> BTreeMap<String, String> {
    BTreeMap::from([
        (
            names::ENVIRONMENT_LABEL.to_owned(),
            observed.owner.environment.clone(),
        ),
        (
            names::NAMESPACE_LABEL.to_owned(),
            observed.owner.namespace.clone(),
        ),
    ])
}

/// Gives all claims of the environment up. By label: a status that a crash kept from being written names none, and the
/// Secret may be gone by now.
pub(crate) async fn give_up_all(context: &Context, observed: &Observed) -> Result<(), Error> {
    let labels = names::selector_text(&labels(observed));
    let found = claims(context)
        .list_metadata(&ListParams::default().labels(&labels))
        .await;
    let found = found.map_err(Error::read(format!("DatabaseClaims with labels {labels}")))?;
    for claim in &found.items {
        give_up(context, observed, &claim.name_any()).await?;
    }
    Ok(())
}

/// Empties the claim of an environment that is let go, so that it can be given up.
pub(crate) async fn abandon(context: &Context, observed: &Observed) -> Result<(), Error> {
    let Some(claim) = own(observed.claim.as_ref(), &observed.owner) else {
        return Ok(());
    };
    let mut empty = claim.clone();
    empty.spec.opened.clear();
    let name = claim.name_any();
    let written = claims(context)
        .replace(&name, &PostParams::default(), &empty)
        .await;
    written
        .map(drop)
        .map_err(Error::write(format!("DatabaseClaim {name}")))
}

/// Gives a claim up that nothing may run under any more. The version keeps a pod that was reserved meanwhile.
pub(crate) async fn give_up(context: &Context, observed: &Observed, name: &str) -> Result<(), Error> {
    let Some(claim) = read::claim(context, name).await? else {
        return Ok(());
    };
    if claim.spec.owner != observed.owner || !claim.spec.opened.is_empty() {
        return Ok(());
    }
    let freed = DatabaseClaim {
        metadata: ObjectMeta {
            finalizers: None,
            ..claim.metadata.clone()
        },
        spec: claim.spec.clone(),
    };
    let claims = claims(context);
    let what = || format!("DatabaseClaim {name}");
    let without = claims
        .replace(name, &PostParams::default(), &freed)
        .await
        .map_err(Error::write(what()))?;
    let parameters = DeleteParams {
        preconditions: Some(Preconditions {
            uid: without.uid(),
            resource_version: without.resource_version(),
        }),
        ..DeleteParams::default()
    };
    match claims.delete(name, &parameters).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(()),
        Err(error) => Err(Error::write(what())(error)),
    }
}

fn claims(context: &Context) -> Api<DatabaseClaim> {
    Api::all(context.client.clone())
}
