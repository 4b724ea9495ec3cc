//! Reads everything that the gate of an environment needs.

use super::fence::{self, Fence};
use super::found::guard;
use super::identity::{Source, claim_of};
use super::judged;
use super::plain::{self, Plain};
use crate::apply::controller_of;
use crate::context::Context;
use crate::error::Error;
use crate::metadata::{is_leaving, namespace};
use k8s_openapi::api::core::v1::{Node, Pod, Secret};
use kube::{Api, ResourceExt};
use mendix_model::crd::claim::Owner;
use mendix_model::crd::environment::Fencing;
use mendix_model::crd::storage::Purpose;
use mendix_model::crd::{DatabaseClaim, Environment, Runtime, StorageInstance};
use mendix_model::database::Identity;
use mendix_model::names;
use std::collections::{BTreeMap, BTreeSet};

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
        let own = self.claim.as_ref().filter(|claim| claim.spec.owner == self.owner);
        let idle = own.is_none_or(|claim| claim.spec.opened.is_empty());
        is_leaving(environment) && (lives || (self.pods.is_empty() && idle && !self.storage))
    }
}

pub(crate) async fn observe(
    context: &Context,
    environment: &Environment,
    cluster: &str,
) -> Result<Observed, Error> {
    let (namespace, name) = (namespace(environment), environment.name_any());
    let owner = Owner {
        cluster: cluster.to_owned(),
        namespace: namespace.clone(),
        environment: name.clone(),
    };
    let secret = match environment.spec.database_secret_name.as_deref() {
        Some(secret) => crate::read::optional::<Secret>(context, &namespace, secret).await?,
        None => None,
    };
    let selector = names::guarded_pods(&name);
    let plain = if is_plain(environment) {
        let pods: Vec<Pod> = crate::read::list(context, &namespace, &selector).await?;
        let by_name = holds_by_name(environment, &owner);
        let plain = plain::read(context, &namespace, &name, by_name, &pods).await?;
        Some((judged::claim(&plain, &pods, &owner), plain))
    } else {
        None
    };
    let wanted_claim = match &plain {
        Some((claim, _)) => claim.clone(),
        None => wanted_claim(environment, secret.as_ref(), &owner),
    };
    let (claim_name, claim) = claim(context, environment, &wanted_claim).await?;
    // Pods after the claim: what was reserved under an earlier claim is then among them.
    let mut pods: Vec<Pod> = crate::read::list(context, &namespace, &selector).await?;
    if let Some((named, plain)) = &plain {
        let all: Vec<Pod> = crate::read::list(context, &namespace, "").await?;
        let (workloads, sources) = (&plain.workloads, &plain.sources);
        let named = named.as_deref().ok();
        pods.extend(plain::strangers(all, workloads, sources, &owner, named));
    }
    let gone = missing(context, &namespace, claim.as_ref(), &mut pods).await?;
    let (runtime, storage) = app(context, &namespace, &name).await?;
    Ok(Observed {
        fence: fence(context, environment, &pods).await?,
        leaving: context.is_leaving() || (is_plain(environment) && is_left(context, &namespace).await?),
        runtime,
        storage,
        owner,
        claim_name,
        claim,
        plain: plain.map(|(_, plain)| plain),
        pods,
        gone,
    })
}

/// The app of this name, and whether its database is there. A namespace that is only guarded has neither, and no right
/// to look for them.
async fn app(context: &Context, namespace: &str, name: &str) -> Result<(Option<Runtime>, bool), Error> {
    if !context.manages(namespace) {
        return Ok((None, false));
    }
    let storage = names::storage_instance(name, Purpose::Database);
    let storage = crate::read::metadata::<StorageInstance>(context, namespace, &storage).await?;
    Ok((
        crate::read::optional(context, namespace, name).await?,
        storage.is_some(),
    ))
}

fn holds_by_name(environment: &Environment, owner: &Owner) -> bool {
    let held = environment
        .status
        .as_ref()
        .and_then(|status| status.claim.as_ref());
    held.is_some_and(|held| *held != Identity::Local.claim(owner))
}

async fn is_left(context: &Context, namespace: &str) -> Result<bool, Error> {
    Ok(guard(context, namespace).await?.as_deref() == Some(names::GUARD_LEAVING))
}

/// An app of ours brings its Environment along; all others are found by their pods.
fn is_plain(environment: &Environment) -> bool {
    controller_of(&environment.metadata).is_none()
}

/// A Secret that is named and not there leaves the identity open; guessing one would split the guard in two.
fn wanted_claim(environment: &Environment, secret: Option<&Secret>, owner: &Owner) -> Result<String, String> {
    let spec = &environment.spec;
    let source = match (&spec.database_secret_name, secret, &spec.database_jdbc_url) {
        (Some(name), None, _) => {
            return Err(format!(
                "Secret {name}, which says which database it is, is gone: restore it"
            ));
        }
        (_, Some(secret), _) => Source::Secret(secret),
        (None, None, Some(url)) => Source::Address(url),
        (None, None, None) => Source::Nothing,
    };
    claim_of(source, owner)
}

/// The claim that the environment holds, as long as anything may run under it or no other is known; else the one that
/// it needs.
async fn claim(
    context: &Context,
    environment: &Environment,
    wanted: &Result<String, String>,
) -> Result<(Result<String, String>, Option<DatabaseClaim>), Error> {
    let held = environment
        .status
        .as_ref()
        .and_then(|status| status.claim.clone());
    if let Some(held) = held
        && wanted.as_ref() != Ok(&held)
        && let Some(claim) = read_claim(context, &held).await?
        && (wanted.is_err() || !claim.spec.opened.is_empty())
    {
        return Ok((Ok(held), Some(claim)));
    }
    match wanted {
        Ok(name) => Ok((Ok(name.clone()), read_claim(context, name).await?)),
        Err(problem) => Ok((Err(problem.clone()), None)),
    }
}

pub(crate) async fn read_claim(context: &Context, name: &str) -> Result<Option<DatabaseClaim>, Error> {
    let claims: Api<DatabaseClaim> = Api::all(context.client.clone());
    claims
        .get_opt(name)
        .await
        .map_err(Error::read(format!("DatabaseClaim {name}")))
}

/// Each entry that the list does not show is asked for by name: a list may be outdated, this answer is not. One that is
/// there, such as a pod that was found running and that nothing tells to be of the environment any more, is added.
async fn missing(
    context: &Context,
    namespace: &str,
    claim: Option<&DatabaseClaim>,
    pods: &mut Vec<Pod>,
) -> Result<BTreeSet<String>, Error> {
    let listed: BTreeSet<_> = pods.iter().filter_map(ResourceExt::uid).collect();
    let opened = claim
        .map(|claim| claim.spec.opened.as_slice())
        .unwrap_or_default();
    let mut gone = BTreeSet::new();
    for entry in opened.iter().filter(|entry| !listed.contains(&entry.uid)) {
        let found: Option<Pod> = crate::read::optional(context, namespace, &entry.name).await?;
        match found.filter(|pod| pod.metadata.uid.as_ref() == Some(&entry.uid)) {
            Some(pod) => pods.push(pod),
            None => drop(gone.insert(entry.uid.clone())),
        }
    }
    Ok(gone)
}

/// Nodes are read only where their state may count as the end of a pod, and only those of pods that wait for one.
async fn fence(context: &Context, environment: &Environment, pods: &[Pod]) -> Result<Fence, Error> {
    let policy = environment.spec.fencing.unwrap_or_default();
    let mut nodes = BTreeMap::new();
    if policy != Fencing::Manual {
        let api: Api<Node> = Api::all(context.client.clone());
        for name in fence::nodes_of_interest(pods) {
            let node = api
                .get_opt(&name)
                .await
                .map_err(Error::read(format!("Node {name}")))?;
            nodes.insert(name, node);
        }
    }
    Ok(Fence {
        policy,
        fenced: environment.spec.fenced.clone().unwrap_or_default(),
        nodes,
    })
}
