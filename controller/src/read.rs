//! Reads, with errors that say what was read.

use crate::context::Context;
use crate::error::Error;
use crate::metadata::what;
use kube::Resource;
use kube::api::{ListParams, ObjectMeta};
use kube::core::response::reason::NOT_FOUND;
use kube::core::{DeserializeGuard, NamespaceResourceScope, PartialObjectMeta, Status};
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::time::Duration;

/// After this a secret store is read again. Nobody watches Secrets: whoever may do that reads all of them.
pub(crate) const UNWATCHED: Duration = Duration::from_secs(30);

/// A kind that lives in a namespace.
pub trait Namespaced:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
}

impl<K> Namespaced for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static
{
}

/// One object, or nothing when there is none of that name.
pub(crate) async fn optional<K: Namespaced>(
    context: &Context,
    namespace: &str,
    name: &str,
) -> Result<Option<K>, Error> {
    let read = context.api::<K>(namespace).get_opt(name).await;
    read.map_err(Error::read(what::<K>(name)))
}

/// What there is of a kind that a cluster need not have.
#[derive(Clone, Debug)]
pub(crate) enum Lookup<K> {
    /// The cluster does not have the kind.
    Unknown,
    /// There is no object of that name.
    Absent,
    /// The object.
    Found(K),
}

impl<K> Lookup<K> {
    pub(crate) const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    pub(crate) fn found(self) -> Option<K> {
        match self {
            Self::Found(object) => Some(object),
            Self::Unknown | Self::Absent => None,
        }
    }
}

/// One object of a kind that a cluster need not have.
pub(crate) async fn lookup<K: Namespaced>(
    context: &Context,
    namespace: &str,
    name: &str,
) -> Result<Lookup<K>, Error> {
    match context.api::<K>(namespace).get(name).await {
        Ok(object) => Ok(Lookup::Found(object)),
        Err(kube::Error::Api(answer)) if is_unknown_kind(&answer) => Ok(Lookup::Unknown),
        Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(Lookup::Absent),
        Err(error) => Err(Error::read(what::<K>(name))(error)),
    }
}

/// The API server answers for a kind that it does not have with a line of text and without a reason.
fn is_unknown_kind(answer: &Status) -> bool {
    answer.code == 404 && answer.reason != NOT_FOUND
}

/// One object whose form may be wrong.
pub(crate) async fn guarded<K: Namespaced>(
    context: &Context,
    namespace: &str,
    name: &str,
) -> Result<Option<DeserializeGuard<K>>, Error> {
    let read = context.api::<DeserializeGuard<K>>(namespace).get_opt(name).await;
    read.map_err(Error::read(what::<K>(name)))
}

/// The metadata of one object: all there is to know of a Secret that is not ours to read.
pub(crate) async fn metadata<K: Namespaced>(
    context: &Context,
    namespace: &str,
    name: &str,
) -> Result<Option<ObjectMeta>, Error> {
    let read = context.api::<PartialObjectMeta<K>>(namespace).get_opt(name).await;
    Ok(read
        .map_err(Error::read(what::<K>(name)))?
        .map(|object| object.metadata))
}

/// All objects with these labels.
pub(crate) async fn list<K: Namespaced>(
    context: &Context,
    namespace: &str,
    labels: &str,
) -> Result<Vec<K>, Error> {
    let read = context
        .api::<K>(namespace)
        .list(&ListParams::default().labels(labels))
        .await;
    Ok(read
        .map_err(Error::read(format!("{} with labels {labels}", K::plural(&()))))?
        .items)
}
