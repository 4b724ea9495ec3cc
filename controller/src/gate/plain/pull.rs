//! Pods that pull an image and run nothing of it: so its digest is known, and it is known that it can be pulled, before
//! anything makes way for it. They pull with the rights of the app's own pods; we need none at any registry. Pure.

use super::image::{Images, reference_of};
use super::workload::Template;
use crate::hash;
use crate::metadata;
use crate::task_pod::{container_security, pod_security, requirements};
use crate::toleration;
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
use kube::ResourceExt;
use mendix_model::crd::Environment;
use mendix_model::crd::environment::ResolvedImage;
use mendix_model::defaults;
use mendix_model::manifest::of_app;
use mendix_model::names::{self, Component};
use serde_json::json;
use std::collections::BTreeMap;

const CONTAINER: &str = "pull";
/// No image has this, so its container never starts; by then the kubelet has told the digest.
const NOTHING: &str = "/.kubectl-mendix/nothing";

/// What is to be done about images.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pulls {
    pub(crate) images: Vec<ResolvedImage>,
    pub(crate) create: Vec<Pod>,
    pub(crate) delete: Vec<Pod>,
}

/// Digests known by now, and the pods to make or to take away. `templates` are those whose pods wait or are to come.
pub(crate) fn pulls(
    environment: &Environment,
    templates: &[Template<'_>],
    known: &Images,
    pods: &[Pod],
) -> Pulls {
    let mut pulls = Pulls::default();
    let mut needed = BTreeMap::new();
    for template in templates {
        let Some((image, pod)) = pull(environment, template) else {
            continue;
        };
        let found = pods.iter().find(|it| it.name_any() == pod.name_any());
        let told = found.and_then(|it| reference_of(it, CONTAINER, &image));
        match known
            .resolved(&image, &template.revision)
            .map(ToOwned::to_owned)
            .or(told)
        {
            Some(resolved) => pulls.images.push(ResolvedImage {
                image,
                revision: template.revision.clone(),
                resolved,
            }),
            None => {
                needed.insert(pod.name_any(), (pod, found.is_some()));
            }
        }
    }
    let finished = |pod: &&Pod| !needed.contains_key(&pod.name_any());
    pulls.delete = pods.iter().filter(finished).cloned().collect();
    pulls.create = needed
        .into_values()
        .filter(|(_, there)| !there)
        .map(|(pod, _)| pod)
        .collect();
    pulls
}

/// The image of a template, and the pod that pulls it where the template's own pods may run.
fn pull(environment: &Environment, template: &Template<'_>) -> Option<(String, Pod)> {
    let spec = template.spec;
    let image = of_app(template.annotations, spec).ok()?.image.clone()?;
    let name = environment.name_any();
    let key = hash::of(&json!([image, template.revision]));
    let mut metadata = metadata::owned(environment, &name, format!("{name}-pull-{}", &key[..10]));
    let labels = metadata.labels.get_or_insert_default();
    labels.insert(
        names::COMPONENT_LABEL.to_owned(),
        Component::Puller.as_str().to_owned(),
    );
    let container = Container {
        name: CONTAINER.to_owned(),
        image: Some(image.clone()),
        // What the node has under a tag may be outdated.
        image_pull_policy: Some("Always".to_owned()),
        command: Some(vec![NOTHING.to_owned()]),
        resources: Some(requirements(&defaults::guard_install_resources())),
        security_context: Some(container_security(true)),
        ..Container::default()
    };
    Some((
        image,
        Pod {
            metadata,
            spec: Some(PodSpec {
                containers: vec![container],
                restart_policy: Some("Never".to_owned()),
                image_pull_secrets: spec.image_pull_secrets.clone(),
                service_account_name: spec.service_account_name.clone(),
                automount_service_account_token: Some(false),
                enable_service_links: Some(false),
                node_selector: spec.node_selector.clone(),
                tolerations: toleration::of_others(spec.tolerations.as_ref()),
                runtime_class_name: spec.runtime_class_name.clone(),
                security_context: Some(pod_security()),
                ..PodSpec::default()
            }),
            status: None,
        },
    ))
}
