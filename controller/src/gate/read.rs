//! Reads for the gate, a kind each.

use super::fence::{self, Fence};
use super::found::guard;
use super::plain::{self, Workloads};
use crate::apply::controller_of;
use crate::context::Context;
use crate::error::Error;
use crate::metadata::namespace;
use crate::pod_state::label;
use futures::future::try_join;
use k8s_openapi::api::core::v1::{Node, Pod, Secret};
use kube::{Api, ResourceExt};
use mendix_model::crd::claim::Owner;
use mendix_model::crd::environment::Fencing;
use mendix_model::crd::storage::Purpose;
use mendix_model::crd::{DatabaseClaim, Environment, Runtime, StorageInstance};
use mendix_model::names::{self, Component};
use std::collections::{BTreeMap, BTreeSet};

/// The claim that the status of an environment names.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) name: String,
    /// Nothing when it is lost.
    pub(crate) claim: Option<DatabaseClaim>,
}

pub(crate) async fn held(context: &Context, environment: &Environment) -> Result<Option<Held>, Error> {
    let status = environment.status.as_ref();
    let Some(name) = status.and_then(|status| status.claim.clone()) else {
        return Ok(None);
    };
    let claim = claim(context, &name).await?;
    Ok(Some(Held { name, claim }))
}

pub(crate) async fn claim(context: &Context, name: &str) -> Result<Option<DatabaseClaim>, Error> {
    let claims: Api<DatabaseClaim> = Api::all(context.client.clone());
    claims
        .get_opt(name)
        .await
        .map_err(Error::read(format!("DatabaseClaim {name}")))
}

/// What says which database it is.
pub(crate) enum Named {
    /// The Secret of an app of ours; nothing when it names none, or when that is gone.
    Secret(Option<Box<Secret>>),
    /// The manifests of others.
    Workloads(Workloads),
}

impl Named {
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(self, Self::Workloads(_))
    }
}

pub(crate) async fn named(context: &Context, environment: &Environment) -> Result<Named, Error> {
    let namespace = namespace(environment);
    if is_plain(environment) {
        let workloads = plain::workloads(context, &namespace, &environment.name_any()).await?;
        return Ok(Named::Workloads(workloads));
    }
    Ok(Named::Secret(match &environment.spec.database_secret_name {
        Some(secret) => crate::read::optional(context, &namespace, secret)
            .await?
            .map(Box::new),
        None => None,
    }))
}

/// An app of ours brings its Environment along; all others are found by their pods.
fn is_plain(environment: &Environment) -> bool {
    controller_of(&environment.metadata).is_none()
}

/// The pods of an environment.
#[derive(Default)]
pub(crate) struct Pods {
    /// Those that run the app, or are to.
    pub(crate) guarded: Vec<Pod>,
    /// Those that pull its images.
    pub(crate) pulls: Vec<Pod>,
    /// All of the namespace that no label tells to be of an environment. Some may be, of plain manifests.
    pub(crate) unlabelled: Vec<Pod>,
}

pub(crate) async fn pods(context: &Context, owner: &Owner, is_plain: bool) -> Result<Pods, Error> {
    let (namespace, name) = (&owner.namespace, &owner.environment);
    if !is_plain {
        let guarded = crate::read::list(context, namespace, &names::guarded_pods(name)).await?;
        return Ok(Pods {
            guarded,
            ..Pods::default()
        });
    }
    let labelled = format!("{}={name}", names::ENVIRONMENT_LABEL);
    let (labelled, unlabelled) = try_join(
        crate::read::list(context, namespace, &labelled),
        crate::read::list(context, namespace, names::UNLABELLED_PODS),
    )
    .await?;
    let (tasks, guarded) = labelled.into_iter().partition(is_task);
    Ok(Pods {
        guarded,
        pulls: tasks,
        unlabelled,
    })
}

/// Of a plain environment, all of these pull images.
fn is_task(pod: &Pod) -> bool {
    Component::is_task(label(pod, names::COMPONENT_LABEL))
}

/// The app of this name, and whether its database is there. A namespace that is only guarded has neither, and no right
/// to look for them.
pub(crate) async fn app(context: &Context, owner: &Owner) -> Result<(Option<Runtime>, bool), Error> {
    let (namespace, name) = (&owner.namespace, &owner.environment);
    if !context.manages(namespace) {
        return Ok((None, false));
    }
    let storage = names::storage_instance(name, Purpose::Database);
    let (runtime, storage) = try_join(
        crate::read::optional(context, namespace, name),
        crate::read::metadata::<StorageInstance>(context, namespace, &storage),
    )
    .await?;
    Ok((runtime, storage.is_some()))
}

/// Whether an environment of plain manifests is to be guarded no longer.
pub(crate) async fn is_left(context: &Context, owner: &Owner, is_plain: bool) -> Result<bool, Error> {
    Ok(is_plain && guard(context, &owner.namespace).await?.as_deref() == Some(names::GUARD_LEAVING))
}

/// Each entry that the list does not show is asked for by name: a list may be outdated, this answer is not. One that is
/// there, such as a pod that was found running and that nothing tells to be of the environment any more, is added.
pub(crate) async fn missing(
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
pub(crate) async fn fence(
    context: &Context,
    environment: &Environment,
    pods: &[Pod],
) -> Result<Fence, Error> {
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
