//! Environments of plain manifests come about with their first pod.

use super::pod::{is_tracked, waits};
use crate::apply::Writer;
use crate::context::Context;
use crate::error::Error;
use crate::metadata::{environment_labels, is_leaving, namespace};
use futures::StreamExt;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::ObjectMeta;
use kube::core::PartialObjectMeta;
use kube::runtime::controller::{Action, Controller};
use kube::runtime::watcher;
use kube::{Api, ResourceExt};
use mendix_model::crd::{Environment, EnvironmentSpec};
use mendix_model::names;
use std::sync::Arc;
use std::time::Duration;

type Metadata = PartialObjectMeta<Pod>;

/// Between two tries for one pod.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// Watches for pods that were born with the gate, and makes the environments that they name. Ends never by itself.
pub(crate) async fn watch(context: &Arc<Context>) {
    let pods: Api<Metadata> = Api::all(context.client.clone());
    let config = watcher::Config::default().labels(names::ENVIRONMENT_LABEL);
    Controller::new(pods, config)
        .with_config(crate::run::at_once())
        .run(reconcile, try_again, context.clone())
        .for_each(|_| std::future::ready(()))
        .await;
}

async fn reconcile(pod: Arc<Metadata>, context: Arc<Context>) -> Result<Action, Error> {
    ensure(&context, &pod).await.map(|()| Action::await_change())
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that kube asks for")]
fn try_again(pod: Arc<Metadata>, error: &Error, _: Arc<Context>) -> Action {
    let (namespace, name) = (pod.namespace().unwrap_or_default(), pod.name_any());
    tracing::warn!(
        namespace,
        name,
        "Failed to make the environment of a pod: {error}; trying again"
    );
    Action::requeue(TRY_AGAIN)
}

/// The annotation is written at birth, together with the gate: a pod without it is none of ours.
async fn ensure(context: &Context, pod: &Metadata) -> Result<(), Error> {
    let Some(name) = pod.labels().get(names::ENVIRONMENT_LABEL) else {
        return Ok(());
    };
    let namespace = namespace(pod);
    // The usual answer first: it is there.
    if pod.annotations().get(names::ENVIRONMENT_LABEL) != Some(name)
        || crate::read::metadata::<Environment>(context, &namespace, name)
            .await?
            .is_some()
        || !is_guarded(context, &namespace).await?
        || !needs_environment(context, pod).await?
    {
        return Ok(());
    }
    Writer::new(context, Timestamp::now())
        .create(&environment(&namespace, name))
        .await
}

/// Asked anew, for what is known of the pod may be outdated: one that has just gone with its environment must not bring
/// it back. One that goes needs an environment only to be rid of our finalizer; while everything is let go, one at the
/// gate needs it to be opened.
async fn needs_environment(context: &Context, seen: &Metadata) -> Result<bool, Error> {
    let found: Option<Pod> = crate::read::optional(context, &namespace(seen), &seen.name_any()).await?;
    let Some(pod) = found.filter(|pod| pod.uid() == seen.uid()) else {
        return Ok(false);
    };
    Ok(if is_leaving(&pod) {
        is_tracked(&pod)
    } else {
        waits(&pod) || !context.is_leaving()
    })
}

fn environment(namespace: &str, name: &str) -> Environment {
    Environment {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(namespace.to_owned()),
            labels: Some(environment_labels(name)),
            finalizers: Some(vec![names::ENVIRONMENT_FINALIZER.to_owned()]),
            ..ObjectMeta::default()
        },
        spec: EnvironmentSpec::default(),
        status: None,
    }
}

async fn is_guarded(context: &Context, namespace: &str) -> Result<bool, Error> {
    Ok(context.manages(namespace)
        || guard(context, namespace).await?.as_deref() == Some(names::GUARD_ENABLED))
}

/// What is said of a whole namespace: see [`names::GUARD_LABEL`].
pub(crate) async fn guard(context: &Context, namespace: &str) -> Result<Option<String>, Error> {
    let namespaces: Api<PartialObjectMeta<Namespace>> = Api::all(context.client.clone());
    let found = namespaces.get_opt(namespace).await;
    let found = found.map_err(Error::read(format!("Namespace {namespace}")))?;
    Ok(found.and_then(|it| it.labels().get(names::GUARD_LABEL).cloned()))
}
