//! Sends a wish to the API server.

use super::FIELD_MANAGER;
use super::conflict::{Conflict, conflict};
use super::document::Document;
use super::owned::owned;
use super::prepare::Prepared;
use crate::cluster::Cluster;
use crate::failure::{Request, explain};
use crate::gather::APPS;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::Value;

/// How a wish is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// The API server judges and keeps nothing.
    pub dry_run: bool,
    /// Fields of other managers are taken over.
    pub force: bool,
}

/// What became of a wish.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The object as the API server has it now.
    pub object: Value,
    /// What happened to it.
    pub change: Change,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// It is new.
    Created,
    /// Its spec is another one, or its metadata.
    Configured,
    /// It was like that already.
    Unchanged,
}

impl Change {
    /// kubectl's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Why a wish was not taken.
#[derive(Debug)]
pub enum SendError {
    /// Somebody changed the object since it was read: read it again. The API server's words.
    Stale(String),
    /// For people.
    Failed(anyhow::Error),
}

/// Reads the app as it is now.
///
/// # Errors
/// The cluster cannot be asked.
pub async fn live(cluster: &Cluster, namespace: &str, name: &str) -> anyhow::Result<Option<Value>> {
    let request = Request {
        verb: "get",
        resource: APPS,
        namespace: Some(namespace),
    };
    match cluster.apps(namespace).get(name).await {
        Ok(object) => Ok(Some(serde_json::to_value(object)?)),
        Err(kube::Error::Api(status))
            if status.code == 404 && !crate::failure::is_unknown_resource(&status) =>
        {
            Ok(None)
        }
        Err(error) => Err(explain(&error, &request).into()),
    }
}

/// A change of an app that exists: what we set before, to put flags on top of.
pub fn amendment(live: &Value) -> Document {
    let mut value = owned(live);
    // The repeated fields are as old as this read. Should somebody else deploy in between, the API server refuses,
    // and we read again; without this their change would be undone.
    value["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
    Document {
        name: live["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
        namespace: None,
        value,
    }
}

/// Applies what was prepared.
///
/// # Errors
/// See [`SendError`].
pub async fn send(cluster: &Cluster, prepared: &Prepared, manner: Manner) -> Result<Sent, SendError> {
    let Prepared {
        document,
        namespace,
        before,
        ..
    } = prepared;
    let parameters = PatchParams {
        dry_run: manner.dry_run,
        force: manner.force,
        ..PatchParams::apply(FIELD_MANAGER)
    };
    let answer = cluster
        .apps(namespace)
        .patch(&document.name, &parameters, &Patch::Apply(&document.value))
        .await;
    match answer {
        Ok(object) => sent(object, before.as_ref()).map_err(SendError::Failed),
        Err(error) => Err(refused(&error, namespace, &document.name)),
    }
}

fn refused(error: &kube::Error, namespace: &str, name: &str) -> SendError {
    let request = Request {
        verb: "patch",
        resource: APPS,
        namespace: Some(namespace),
    };
    let known = match error {
        kube::Error::Api(status) => conflict(name, status),
        _ => None,
    };
    match known {
        Some(Conflict::Stale(words)) => SendError::Stale(words),
        Some(Conflict::Owners(failure)) => SendError::Failed(failure.into()),
        None => SendError::Failed(explain(error, &request).into()),
    }
}

fn sent(mut object: DynamicObject, before: Option<&Value>) -> anyhow::Result<Sent> {
    object.metadata.managed_fields = None;
    let object = serde_json::to_value(object)?;
    let change = match before {
        None => Change::Created,
        Some(before) if is_same(before, &object) => Change::Unchanged,
        Some(_) => Change::Configured,
    };
    Ok(Sent { object, change })
}

/// Compared by what users write: the version moves with every status, and not at all in a dry run.
fn is_same(before: &Value, after: &Value) -> bool {
    ["/spec", "/metadata/labels", "/metadata/annotations"]
        .iter()
        .all(|part| before.pointer(part) == after.pointer(part))
}
