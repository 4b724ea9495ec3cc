//! Immutable Secrets named by their content, so that a pod never starts with half of a change. Pure.

use crate::metadata;
use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, PodSpec, Secret};
use mendix_model::crd::Runtime;
use mendix_model::names;
use mendix_model::runtime_configuration::{CONFIGURATION_KEY, Content};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The Secrets that a pod of the wanted template mounts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Copies {
    pub(crate) configuration: Secret,
    pub(crate) database: Option<Secret>,
    pub(crate) file: Option<Secret>,
    pub(crate) secret_store: Option<Secret>,
}

impl Copies {
    pub(crate) fn all(&self) -> impl Iterator<Item = &Secret> {
        [
            Some(&self.configuration),
            self.database.as_ref(),
            self.file.as_ref(),
            self.secret_store.as_ref(),
        ]
        .into_iter()
        .flatten()
    }
}

/// The name of a Secret of ours, which always has one.
pub(crate) fn name(secret: &Secret) -> String {
    secret.metadata.name.clone().unwrap_or_default()
}

/// A copy of the credentials in `source`.
pub(crate) fn of_secret(runtime: &Runtime, source: &Secret) -> Secret {
    immutable(runtime, &name(source), source.data.clone().unwrap_or_default())
}

/// A copy of the secret store, which bears the app's own name.
pub(crate) fn of_secret_store(runtime: &Runtime, source: &Secret) -> Secret {
    let name = format!("{}-environment", runtime.spec.environment);
    immutable(runtime, &name, source.data.clone().unwrap_or_default())
}

/// The document that the guard reads, and its files. Serialising it cannot fail: its keys are texts.
pub(crate) fn of_configuration(runtime: &Runtime, configuration: &Content) -> Secret {
    let text = serde_json::to_vec(&configuration.document).unwrap_or_default();
    let files = configuration.files.iter();
    let data = files
        .map(|(name, bytes)| (name.clone(), ByteString(bytes.clone())))
        .chain([(CONFIGURATION_KEY.to_owned(), ByteString(text))])
        .collect();
    immutable(
        runtime,
        &format!("{}-configuration", runtime.spec.environment),
        data,
    )
}

fn immutable(runtime: &Runtime, name: &str, data: BTreeMap<String, ByteString>) -> Secret {
    let environment = &runtime.spec.environment;
    let name = names::content_addressed(name, &crate::hash::of(&json!(data)));
    Secret {
        metadata: metadata::owned(runtime, environment, name),
        immutable: Some(true),
        data: Some(data),
        ..Secret::default()
    }
}

/// Names of the Secrets that Deployments and pods mount.
pub(crate) fn in_use<'a>(
    deployments: impl Iterator<Item = &'a Deployment>,
    pods: &'a [Pod],
) -> BTreeSet<String> {
    let templates = deployments.filter_map(|deployment| deployment.spec.as_ref()?.template.spec.as_ref());
    templates
        .chain(pods.iter().filter_map(|pod| pod.spec.as_ref()))
        .flat_map(mounted)
        .collect()
}

/// Names of the Secrets that a pod mounts.
pub(crate) fn mounted(pod: &PodSpec) -> impl Iterator<Item = String> {
    let volumes = pod.volumes.iter().flatten();
    volumes.filter_map(|volume| volume.secret.as_ref()?.secret_name.clone())
}
