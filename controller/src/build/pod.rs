//! The build pod. Pure.

use super::input::{Input, image_names};
use super::observe::Observed;
use crate::metadata;
use crate::task_pod::{MountedSecret, TaskPod, task_pod, variable};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{EnvVar, Pod};
use kube::ResourceExt;
use mendix_model::crd::Build;
use mendix_model::defaults;
use mendix_model::names::{self, Component};
use mendix_model::task::{self, Action};

/// The key of Secrets of type `kubernetes.io/dockerconfigjson`, and the file name that registry clients expect.
const REGISTRY_ITEM: (&str, &str) = (".dockerconfigjson", "config.json");

/// The pod. A time in the image's name is that of the pod's creation; later reconciles never make it anew.
pub(crate) fn pod(
    build: &Build,
    input: &Input,
    hash: &str,
    observed: &Observed,
    now: Timestamp,
) -> Result<Pod, String> {
    let registry = &input.registry;
    let account = registry.service_account_name.clone();
    Ok(task_pod(TaskPod {
        metadata: metadata::owned(build, &build.spec.environment, build.name_any()),
        component: Component::Builder,
        input: hash.to_owned(),
        image: observed.image.clone(),
        command: Some(vec!["/mendix".to_owned()]),
        args: Some(vec!["build".to_owned()]),
        env: variables(build, input, now)?,
        service_account_name: account.unwrap_or_else(|| names::BUILDER_ACCOUNT.to_owned()),
        resources: defaults::merged(
            observed.configuration.build_resources.as_ref(),
            &defaults::build_resources(),
        ),
        secrets: registry
            .secret_name
            .iter()
            .map(|name| registry_secret(name))
            .collect(),
        extras: observed.extras.clone(),
    }))
}

fn registry_secret(name: &str) -> MountedSecret {
    MountedSecret {
        name: name.to_owned(),
        folder: task::REGISTRY_FOLDER,
        item: Some(REGISTRY_ITEM),
        optional: false,
    }
}

fn variables(build: &Build, input: &Input, now: Timestamp) -> Result<Vec<EnvVar>, String> {
    let mut all = vec![
        variable(task::variable::ACTION, Action::Build.as_str()),
        variable(task::variable::NAMESPACE, metadata::namespace(build)),
        variable(task::variable::ENVIRONMENT, build.spec.environment.as_str()),
        variable(task::variable::SOURCE_URL, input.source_url.as_str()),
    ];
    if let Some(target) = &input.target {
        let (push, pull) = image_names(build, target, now)?;
        all.push(variable(task::variable::BASE_IMAGE, target.base_image.as_str()));
        all.push(variable(task::variable::PUSH_IMAGE, push));
        all.push(variable(task::variable::PULL_REPOSITORY, pull));
        let previous = build.status.as_ref().and_then(|status| status.image.as_deref());
        all.extend(previous.map(|image| variable(task::variable::PREVIOUS_IMAGE, image)));
    }
    if input.registry.insecure == Some(true) {
        all.push(variable(task::variable::REGISTRY_INSECURE, "true"));
    }
    Ok(all)
}
