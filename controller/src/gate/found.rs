//! Environments of plain manifests come about with their first pod.

use crate::context::Context;
use crate::error::{Error, words};
use crate::metadata::environment_labels;
use futures::StreamExt;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{ObjectMeta, PostParams};
use kube::core::PartialObjectMeta;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use mendix_model::crd::{Environment, EnvironmentSpec};
use mendix_model::names;

/// Watches for pods that were born with the gate, and makes the environments that they name. Ends never by itself.
pub(crate) async fn watch(context: &Context) {
    let pods: Api<PartialObjectMeta<Pod>> = Api::all(context.client.clone());
    let config = watcher::Config::default().labels(names::ENVIRONMENT_LABEL);
    let mut found = watcher(pods, config).default_backoff().touched_objects().boxed();
    while let Some(pod) = found.next().await {
        let made = match &pod {
            Ok(pod) => ensure(context, pod).await.map_err(|error| error.to_string()),
            Err(error) => Err(words(error)),
        };
        if let Err(error) = made {
            tracing::warn!(
                "Failed to make the environment of a pod: {error}; trying again with its next change"
            );
        }
    }
}

/// The annotation is written at birth, together with the gate: a pod without it is none of ours.
async fn ensure(context: &Context, pod: &PartialObjectMeta<Pod>) -> Result<(), Error> {
    let Some(name) = pod.labels().get(names::ENVIRONMENT_LABEL) else {
        return Ok(());
    };
    if pod.annotations().get(names::ENVIRONMENT_LABEL) != Some(name) {
        return Ok(());
    }
    let namespace = pod.namespace().unwrap_or_default();
    if !context.manages(&namespace)
        && guard(context, &namespace).await?.as_deref() != Some(names::GUARD_ENABLED)
    {
        return Ok(());
    }
    if crate::read::metadata::<Environment>(context, &namespace, name)
        .await?
        .is_some()
    {
        return Ok(());
    }
    let environment = Environment {
        metadata: ObjectMeta {
            name: Some(name.clone()),
            namespace: Some(namespace.clone()),
            labels: Some(environment_labels(name)),
            finalizers: Some(vec![names::ENVIRONMENT_FINALIZER.to_owned()]),
            ..ObjectMeta::default()
        },
        spec: EnvironmentSpec::default(),
        status: None,
    };
    match context
        .api::<Environment>(&namespace)
        .create(&PostParams::default(), &environment)
        .await
    {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(answer)) if answer.is_already_exists() => Ok(()),
        Err(error) => Err(Error::write(format!("Environment {name}"))(error)),
    }
}

/// What is said of a whole namespace: see [`names::GUARD_LABEL`].
pub(crate) async fn guard(context: &Context, namespace: &str) -> Result<Option<String>, Error> {
    let namespaces: Api<PartialObjectMeta<Namespace>> = Api::all(context.client.clone());
    let found = namespaces.get_opt(namespace).await;
    let found = found.map_err(Error::read(format!("Namespace {namespace}")))?;
    Ok(found.and_then(|it| it.labels().get(names::GUARD_LABEL).cloned()))
}
