//! Pods that pull an image and run nothing of it: so its digest is known, and it is known that it can be pulled, before
//! anything makes way for it. They pull with the rights of the app's own pods; we need none at any registry. Pure.

use super::image::{Images, reference_of};
use super::workload::Template;
use crate::puller;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use mendix_model::crd::Environment;
use mendix_model::crd::environment::ResolvedImage;
use mendix_model::manifest::of_app;
use std::collections::BTreeMap;

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
    now: Timestamp,
) -> Pulls {
    let mut pulls = Pulls::default();
    let mut needed = BTreeMap::new();
    for template in templates {
        let Some((image, pod)) = pull(environment, template) else {
            continue;
        };
        let found = pods.iter().find(|it| it.name_any() == pod.name_any());
        let told = found.and_then(|it| reference_of(it, puller::CONTAINER, &image));
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
    let finished = |pod: &&Pod| !needed.contains_key(&pod.name_any()) || puller::told_nothing(pod, now);
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
    let image = of_app(template.annotations, template.spec).ok()?.image.clone()?;
    let name = environment.name_any();
    let pod = puller::pod(environment, &name, &image, &template.revision, template.spec);
    Some((image, pod))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use mendix_model::crd::EnvironmentSpec;
    use rstest::rstest;
    use serde_json::json;

    const MADE: Timestamp = Timestamp::UNIX_EPOCH;

    fn after(seconds: i64) -> Timestamp {
        MADE + SignedDuration::from_secs(seconds)
    }

    /// What is done about the image of one template, with these pods.
    fn of_one(pods: &[Pod], now: Timestamp) -> Pulls {
        let environment = Environment::new("shop", EnvironmentSpec::default());
        let spec =
            serde_json::from_value(json!({"containers": [{"name": "app", "image": "registry/shop:1"}]}));
        let spec = spec.expect("a spec");
        let template = Template {
            revision: "one".to_owned(),
            labels: None,
            annotations: None,
            spec: &spec,
        };
        pulls(&environment, &[template], &Images::default(), pods, now)
    }

    /// The pod that pulls, as its kubelet left it.
    fn pod(phase: &str, image: &str) -> Pod {
        let mut pod = of_one(&[], MADE).create.remove(0);
        pod.metadata.creation_timestamp = Some(Time(MADE));
        let status = json!({"phase": phase, "containerStatuses": [{
            "name": "pull", "image": "", "imageID": image, "ready": false, "restartCount": 0,
        }]});
        pod.status = serde_json::from_value(status).expect("a status");
        pod
    }

    #[rstest]
    #[case::at_work("Pending", "", 60, 0, 0)]
    #[case::told("Failed", "registry/shop@sha256:1", 1, 1, 1)]
    #[case::evicted_just_now("Failed", "", 1, 0, 0)]
    #[case::evicted("Failed", "", 60, 1, 0)]
    fn a_pod_goes_when_it_has_told_or_never_will(
        #[case] phase: &str,
        #[case] image: &str,
        #[case] seconds: i64,
        #[case] deleted: usize,
        #[case] known: usize,
    ) {
        let pulls = of_one(&[pod(phase, image)], after(seconds));
        assert_eq!((pulls.delete.len(), pulls.images.len()), (deleted, known));
        assert_eq!(pulls.create, []);
    }
}
