//! The Deployments of an app. Pure.

use crate::metadata;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::ResourceExt;
use kube::api::ObjectMeta;
use mendix_model::crd::Runtime;
use mendix_model::defaults;
use mendix_model::names::{self, Role};
use std::collections::BTreeMap;

/// A template and the input that it was made from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pinned {
    pub(crate) input: String,
    pub(crate) template: PodTemplateSpec,
}

/// Replicas, template and strategy come from the plan.
pub(crate) fn deployment(
    runtime: &Runtime,
    role: Role,
    pinned: &Pinned,
    replicas: i32,
    strategy: DeploymentStrategy,
) -> Deployment {
    let app = &runtime.spec.environment;
    // A template is made of texts and numbers only, so this cannot fail.
    let template = serde_json::to_string(&pinned.template).unwrap_or_default();
    Deployment {
        metadata: ObjectMeta {
            annotations: Some(BTreeMap::from([
                (names::INPUT_ANNOTATION.to_owned(), pinned.input.clone()),
                (names::TEMPLATE_ANNOTATION.to_owned(), template),
            ])),
            ..metadata::owned(runtime, app, names::deployment(app, role))
        },
        spec: Some(DeploymentSpec {
            replicas: Some(replicas),
            selector: LabelSelector {
                match_labels: Some(names::selector(app, Some(role))),
                match_expressions: None,
            },
            strategy: Some(strategy),
            template: pinned.template.clone(),
            progress_deadline_seconds: Some(defaults::PROGRESS_DEADLINE_SECONDS),
            revision_history_limit: Some(0),
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

/// The template that a Deployment was last given by us, and its input.
pub(crate) fn pinned(deployment: Option<&Deployment>) -> Option<Pinned> {
    let annotations = deployment?.annotations();
    Some(Pinned {
        input: annotations.get(names::INPUT_ANNOTATION)?.clone(),
        template: serde_json::from_str(annotations.get(names::TEMPLATE_ANNOTATION)?).ok()?,
    })
}
