//! What every reconcile may use.

use crate::back_off::BackOff;
use crate::drift::Drift;
use kube::core::NamespaceResourceScope;
use kube::runtime::events::{Recorder, Reporter};
use kube::{Api, Client, Resource};

/// Client, recorder and the memory that a restart may lose.
pub struct Context {
    pub(crate) client: Client,
    pub(crate) recorder: Recorder,
    /// Our own image, for task pods and the guard.
    pub(crate) image: String,
    pub(crate) back_off: BackOff,
    pub(crate) drift: Drift,
}

impl Context {
    /// A context without memory. `image` is our own; `identity` is named in events.
    pub fn new(client: Client, image: impl Into<String>, identity: impl Into<String>) -> Self {
        let reporter = Reporter {
            controller: mendix_model::names::FIELD_MANAGER.to_owned(),
            instance: Some(identity.into()),
        };
        Self {
            recorder: Recorder::new(client.clone(), reporter),
            client,
            image: image.into(),
            back_off: BackOff::default(),
            drift: Drift::default(),
        }
    }

    /// Objects of one kind in one namespace; never of the whole cluster, which our roles do not allow.
    pub(crate) fn api<K>(&self, namespace: &str) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), namespace)
    }
}
