//! What every reconcile may use.

use crate::back_off::BackOff;
use crate::drift::Drift;
use crate::error::Error;
use crate::guards::{self, Answers, Asked, Place};
use crate::metrics::Metrics;
use futures::FutureExt;
use futures::future::BoxFuture;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::core::NamespaceResourceScope;
use kube::core::PartialObjectMeta;
use kube::runtime::events::{Recorder, Reporter};
use kube::{Api, Client, Resource};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::{OnceCell, broadcast, watch};

/// The namespace whose uid names the cluster.
const CLUSTER_NAMESPACE: &str = "kube-system";

/// Wakes that may wait; an environment that is not woken is looked at with its next change.
const WAKES: usize = 1024;

/// Client, recorder and the memory that a restart may lose.
pub struct Context {
    pub(crate) client: Client,
    pub(crate) recorder: Recorder,
    /// Our own image, for task pods and the guard.
    pub(crate) image: String,
    pub(crate) back_off: BackOff,
    pub(crate) drift: Drift,
    pub(crate) metrics: Arc<Metrics>,
    /// Environments of which a guard says something new, or whose pods are about to be evicted.
    pub(crate) wakes: broadcast::Sender<Place>,
    /// Environments of apps whose `Runtime` has a new status: they remember its rollouts.
    pub(crate) told: broadcast::Sender<Place>,
    /// Nodes that take no new pods; only progress rests on it.
    pub(crate) cordoned: watch::Sender<BTreeSet<String>>,
    guards: Asked,
    cluster: OnceCell<String>,
    /// Namespaces whose apps are run; plain manifests in them are guarded as well.
    managed: Vec<String>,
    /// Nothing is to be guarded any longer.
    leaving: bool,
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
            metrics: Arc::default(),
            wakes: broadcast::Sender::new(WAKES),
            told: broadcast::Sender::new(WAKES),
            cordoned: watch::Sender::default(),
            guards: Box::new(|pods| async move { guards::ask_all(&pods).await }.boxed()),
            cluster: OnceCell::new(),
            managed: Vec::new(),
            leaving: false,
        }
    }

    /// The same, for pods whose guards this answers for: a test has none.
    #[must_use]
    pub fn answering(
        self,
        guards: impl Fn(Vec<Pod>) -> BoxFuture<'static, Answers> + Send + Sync + 'static,
    ) -> Self {
        Self {
            guards: Box::new(guards),
            ..self
        }
    }

    /// What the guards of these pods say.
    pub(crate) async fn ask_guards(&self, pods: &[Pod]) -> Answers {
        (self.guards)(pods.to_vec()).await
    }

    /// The same, with the namespaces whose apps are run.
    #[must_use]
    pub fn managing(self, managed: Vec<String>) -> Self {
        Self { managed, ..self }
    }

    /// The same, to let everything go.
    #[must_use]
    pub(crate) fn leaving(self) -> Self {
        Self {
            leaving: true,
            ..self
        }
    }

    /// Whether everything is to be let go.
    pub(crate) const fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// Whether the apps of a namespace are run.
    pub(crate) fn manages(&self, namespace: &str) -> bool {
        self.managed.iter().any(|it| it == namespace)
    }

    /// What tells this cluster from others: the uid of its namespace `kube-system`, which lives as long as it does.
    pub(crate) async fn cluster(&self) -> Result<String, Error> {
        let read = || async {
            let namespaces: Api<PartialObjectMeta<Namespace>> = Api::all(self.client.clone());
            let found = namespaces.get(CLUSTER_NAMESPACE).await;
            let found = found.map_err(Error::read(format!("Namespace {CLUSTER_NAMESPACE}")))?;
            Ok(found.metadata.uid.unwrap_or_default())
        };
        self.cluster.get_or_try_init(read).await.cloned()
    }

    /// Objects of one kind in one namespace; never of the whole cluster, which our roles do not allow.
    pub(crate) fn api<K>(&self, namespace: &str) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), namespace)
    }
}
