//! What the gate of an environment decides from: reads it, in the order that makes it safe.

use super::fence::Fence;
use super::identity::{Source, claim_of};
use super::judged;
use super::plain::{self, Plain};
use super::read::{self, Held, Named, Pods};
use crate::context::Context;
use crate::error::Error;
use crate::metadata::{is_leaving, namespace};
use futures::future::{try_join, try_join3};
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::ResourceExt;
use mendix_model::crd::claim::Owner;
use mendix_model::crd::{DatabaseClaim, Environment, Runtime};
use mendix_model::database::Identity;
use std::collections::BTreeSet;

/// What is there.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    pub(crate) owner: Owner,
    /// Name of the claim that the environment has or needs; or why it cannot be told.
    pub(crate) claim_name: Result<String, String>,
    pub(crate) claim: Option<DatabaseClaim>,
    /// The manifests, for an environment that is not an app of ours.
    pub(crate) plain: Option<Plain>,
    pub(crate) pods: Vec<Pod>,
    /// Uids of the claim that the API server no longer has.
    pub(crate) gone: BTreeSet<String>,
    pub(crate) fence: Fence,
    /// An app of this name is there, so the environment goes on.
    pub(crate) runtime: Option<Runtime>,
    /// Its database is still to be taken down.
    pub(crate) storage: bool,
    /// It is no longer to be guarded.
    pub(crate) leaving: bool,
}

impl Observed {
    /// Nothing runs, nothing is to run and nothing is to be taken down: the claim can go.
    pub(crate) fn is_over(&self, environment: &Environment) -> bool {
        let lives = self.runtime.as_ref().is_some_and(|runtime| !is_leaving(runtime));
        let idle = own(self.claim.as_ref(), &self.owner).is_none_or(|claim| claim.spec.opened.is_empty());
        is_leaving(environment) && (lives || (self.pods.is_empty() && idle && !self.storage))
    }
}

/// The claim, when it is the environment's own.
pub(super) fn own<'a>(claim: Option<&'a DatabaseClaim>, owner: &Owner) -> Option<&'a DatabaseClaim> {
    claim.filter(|claim| claim.spec.owner == *owner)
}

/// Requests that need nothing of each other are made at once. The pods are read after the claim: what was reserved
/// under an earlier state of it is then among them.
pub(crate) async fn observe(
    context: &Context,
    environment: &Environment,
    cluster: &str,
) -> Result<Observed, Error> {
    let owner = Owner {
        cluster: cluster.to_owned(),
        namespace: namespace(environment),
        environment: environment.name_any(),
    };
    let (held, named) = try_join(
        read::held(context, environment),
        read::named(context, environment),
    )
    .await?;
    let (pods, (runtime, storage), leaving) = try_join3(
        read::pods(context, &owner, named.is_plain()),
        read::app(context, &owner),
        read::is_left(context, &owner, named.is_plain()),
    )
    .await?;
    let (wanted, plain) = wanted(context, environment, &owner, named, &pods).await?;
    let ((claim_name, claim), pods) = match settled(&wanted, held) {
        Some(claim) => (claim, pods),
        None => newly(context, &owner, wanted.clone(), plain.is_some()).await?,
    };
    let mut pods = with_strangers(pods, plain.as_ref(), &owner, wanted.as_deref().ok());
    // What is opened under the claim of another environment is no pod of this one.
    let own = own(claim.as_ref(), &owner);
    let gone = read::missing(context, &owner.namespace, own, &mut pods).await?;
    Ok(Observed {
        fence: read::fence(context, environment, &pods).await?,
        leaving: context.is_leaving() || leaving,
        runtime,
        storage,
        owner,
        claim_name,
        claim,
        plain,
        pods,
        gone,
    })
}

/// Claim of the database that the environment names now.
async fn wanted(
    context: &Context,
    environment: &Environment,
    owner: &Owner,
    named: Named,
    pods: &Pods,
) -> Result<(Result<String, String>, Option<Plain>), Error> {
    match named {
        Named::Secret(secret) => Ok((named_claim(environment, secret.as_deref(), owner), None)),
        Named::Workloads(workloads) => {
            let by_name = holds_by_name(environment, owner);
            let plain = plain::read(context, &owner.namespace, by_name, workloads, pods).await?;
            Ok((judged::claim(&plain, &pods.guarded, owner), Some(plain)))
        }
    }
}

fn holds_by_name(environment: &Environment, owner: &Owner) -> bool {
    let held = environment
        .status
        .as_ref()
        .and_then(|status| status.claim.as_ref());
    held.is_some_and(|held| *held != Identity::Local.claim(owner))
}

/// A Secret that is named and not there leaves the identity open; guessing one would split the guard in two.
fn named_claim(environment: &Environment, secret: Option<&Secret>, owner: &Owner) -> Result<String, String> {
    let spec = &environment.spec;
    if let (Some(name), None) = (&spec.database_secret_name, secret) {
        return Err(format!(
            "Secret {name}, which says which database it is, is gone: restore it"
        ));
    }
    claim_of(Source::of(secret, spec.database_jdbc_url.as_deref()), owner)
}

/// The claim that counts: its name, or why it cannot be told; and what is there of that name.
type Claim = (Result<String, String>, Option<DatabaseClaim>);

/// The claim that the environment holds, as long as anything may run under it or no other is known. Nothing: the one
/// that it needs is another one.
fn settled(wanted: &Result<String, String>, held: Option<Held>) -> Option<Claim> {
    let Some(Held { name, claim }) = held else {
        let problem = wanted.as_ref().err()?;
        return Some((Err(problem.clone()), None));
    };
    let is_used = claim.as_ref().is_some_and(|it| !it.spec.opened.is_empty());
    match wanted {
        Ok(wanted) if *wanted != name && !is_used => None,
        Err(problem) if claim.is_none() => Some((Err(problem.clone()), None)),
        _ => Some((Ok(name), claim)),
    }
}

/// The claim that the environment needs, and the pods once more, after it.
async fn newly(
    context: &Context,
    owner: &Owner,
    wanted: Result<String, String>,
    is_plain: bool,
) -> Result<(Claim, Pods), Error> {
    let claim = match &wanted {
        Ok(name) => read::claim(context, name).await?,
        Err(_) => None,
    };
    Ok(((wanted, claim), read::pods(context, owner, is_plain).await?))
}

fn with_strangers(pods: Pods, plain: Option<&Plain>, owner: &Owner, named: Option<&str>) -> Vec<Pod> {
    let Some(plain) = plain else {
        return pods.guarded;
    };
    let strangers = plain::strangers(pods.unlabelled, plain, owner, named);
    pods.guarded.into_iter().chain(strangers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_model::crd::claim::{DatabaseClaimSpec, Opened, Role};
    use mendix_model::crd::common::LeaderSelection;
    use rstest::rstest;

    fn held(is_there: bool, is_used: bool) -> Held {
        let mut spec = DatabaseClaimSpec::born(Owner::default(), LeaderSelection::Assigned);
        let entry = Opened {
            uid: "1".to_owned(),
            name: "shop-1".to_owned(),
            role: Role::Leader,
            model: None,
        };
        spec.opened.extend(is_used.then_some(entry));
        Held {
            name: "old".to_owned(),
            claim: is_there.then(|| DatabaseClaim::new("old", spec)),
        }
    }

    #[rstest]
    #[case::the_same(Ok("old"), Some(held(true, true)), Some(Ok("old")))]
    #[case::the_same_and_lost(Ok("old"), Some(held(false, false)), Some(Ok("old")))]
    #[case::another_while_pods_run(Ok("new"), Some(held(true, true)), Some(Ok("old")))]
    #[case::another_when_none_runs(Ok("new"), Some(held(true, false)), None)]
    #[case::another_when_it_was_lost(Ok("new"), Some(held(false, false)), None)]
    #[case::unknown(Err("which?"), Some(held(true, false)), Some(Ok("old")))]
    #[case::unknown_and_lost(Err("which?"), Some(held(false, false)), Some(Err("which?")))]
    #[case::first(Ok("new"), None, None)]
    #[case::first_and_unknown(Err("which?"), None, Some(Err("which?")))]
    fn a_claim_is_held_while_pods_run_or_no_other_is_known(
        #[case] wanted: Result<&str, &str>,
        #[case] held: Option<Held>,
        #[case] expected: Option<Result<&str, &str>>,
    ) {
        let owned = |it: Result<&str, &str>| it.map(str::to_owned).map_err(str::to_owned);
        let found = settled(&owned(wanted), held).map(|(name, _)| name);
        assert_eq!(found, expected.map(owned));
    }
}
