//! Pods and templates of plain manifests, judged. Pure.

use super::observe::Observed;
use super::plain::{Images, Judged, Plain, Template, judge, judge_template, revision};
use super::pod::gate;
use kube::ResourceExt;
use mendix_model::crd::Environment;
use mendix_model::crd::environment::ResolvedImage;
use mendix_model::gate::Gate;
use std::collections::BTreeMap;

/// What was found out about plain pods, by uid, and about the template that leads.
#[derive(Clone, Debug, Default)]
pub(crate) struct JudgedPods {
    pub(crate) pods: BTreeMap<String, Judged>,
    /// Model of the template that leads, once its image was pulled.
    pub(crate) wanted: Option<String>,
    /// Its image by digest, then.
    pub(crate) image: Option<String>,
}

/// Judges everything with the digests that are known.
pub(crate) fn judged(observed: &Observed, plain: &Plain, images: &Images) -> JudgedPods {
    let pods = observed.pods.iter().map(|pod| {
        let judged = judge(pod, &revision(pod), images, &plain.sources, &observed.owner);
        (pod.uid().unwrap_or_default(), judged)
    });
    let leading = leading(plain);
    let image = leading.first().and_then(|template| images.image(template));
    JudgedPods {
        pods: pods.collect(),
        wanted: wanted(&leading, images),
        image: image.map(ToOwned::to_owned),
    }
}

/// Templates that lead: the leader's; peers have no leader, so theirs do.
pub(crate) fn leading(plain: &Plain) -> Vec<Template<'_>> {
    let leading = plain.workloads.templates(&["leader", "ordinal"]);
    if leading.is_empty() {
        plain.workloads.templates(&["peer"])
    } else {
        leading
    }
}

/// Two leading templates that differ lead nowhere.
fn wanted(leading: &[Template<'_>], images: &Images) -> Option<String> {
    let mut models = leading.iter().map(|template| images.model(template));
    let first = models.next()??;
    models
        .all(|model| model.as_ref() == Some(&first))
        .then_some(first)
}

/// Claim of the database that the manifests name: the leader's, else that of any other.
pub(crate) fn claim(
    plain: &Plain,
    pods: &[k8s_openapi::api::core::v1::Pod],
    observed: &mendix_model::crd::claim::Owner,
) -> Result<String, String> {
    let templates = ["leader", "ordinal", "peer", "worker"]
        .into_iter()
        .flat_map(|role| plain.workloads.templates(&[role]));
    let of_templates = templates.map(|template| judge_template(&template, &plain.sources, observed));
    let of_pods = pods
        .iter()
        .map(|pod| judge(pod, "", &Images::default(), &plain.sources, observed).claim);
    let mut all = of_templates.chain(of_pods);
    all.next()
        .unwrap_or_else(|| Err("there is neither a workload nor a pod of the environment".to_owned()))
}

/// Templates whose images have to be known: those of workloads, and of pods that wait.
pub(crate) fn templates<'a>(observed: &'a Observed, plain: &'a Plain) -> Vec<Template<'a>> {
    let mut all = plain
        .workloads
        .templates(&["leader", "worker", "peer", "ordinal"]);
    let waiting = observed.pods.iter().filter(|pod| gate(pod) != Gate::Open);
    for pod in waiting {
        let Some(template) = Template::of_pod(pod) else {
            continue;
        };
        if !all.iter().any(|it| it.revision == template.revision) {
            all.push(template);
        }
    }
    all
}

/// Digests that pods may still need, of those that were known.
pub(crate) fn remembered(environment: &Environment, observed: &Observed) -> Vec<ResolvedImage> {
    let known = environment
        .status
        .as_ref()
        .and_then(|status| status.images.clone());
    let revisions: Vec<_> = observed.pods.iter().map(revision).collect();
    let mut known = known.unwrap_or_default();
    known.retain(|image| revisions.contains(&image.revision));
    known
}
