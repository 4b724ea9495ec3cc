//! Nodes that take no new pods: what runs on them is about to be evicted, and an app of one pod gets a second one before.
//!
//! Only progress rests on what is known here. A word that is lost delays a drain until the app's next change.

use crate::context::Context;
use crate::error::words;
use crate::metadata::namespace;
use futures::StreamExt;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::ListParams;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::{self, Store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use mendix_model::names::{self, Component};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::sleep;

/// Until the pods of a node are asked for again.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Watches nodes that `kubectl cordon` or `drain` has marked. A node that is in order causes no event here.
pub(crate) async fn watch(context: &Context) {
    let nodes: Api<PartialObjectMeta<Node>> = Api::all(context.client.clone());
    let (store, writer) = reflector::store();
    let config = watcher::Config::default().fields("spec.unschedulable=true");
    let watched = watcher::watcher(nodes, config).default_backoff().reflect(writer);
    let mut watched = std::pin::pin!(watched);
    while watched.next().await.is_some() {
        let now = cordoned(&store);
        let before = context.cordoned.send_replace(now.clone());
        for node in before.symmetric_difference(&now) {
            wake(context, node).await;
        }
    }
}

fn cordoned(store: &Store<PartialObjectMeta<Node>>) -> BTreeSet<String> {
    store.state().iter().map(|node| node.name_any()).collect()
}

/// Wakes the apps that have a pod on a node.
async fn wake(context: &Context, node: &str) {
    let pods: Api<PartialObjectMeta<Pod>> = Api::all(context.client.clone());
    let component = format!("{}={}", names::COMPONENT_LABEL, Component::Runtime.as_str());
    let there = ListParams::default()
        .fields(&format!("spec.nodeName={node}"))
        .labels(&component);
    loop {
        match pods.list(&there).await {
            Ok(found) => return found.items.iter().for_each(|pod| tell(context, pod)),
            Err(error) => {
                tracing::warn!(
                    node,
                    "Failed to list the pods of a node: {}; trying again",
                    words(&error)
                );
                sleep(TRY_AGAIN).await;
            }
        }
    }
}

fn tell(context: &Context, pod: &PartialObjectMeta<Pod>) {
    if let Some(name) = pod.labels().get(names::ENVIRONMENT_LABEL) {
        // Nobody listens while nothing is reconciled yet.
        let _ = context.wakes.send((namespace(pod), name.clone()));
    }
}
