//! Reads the manifests of an environment.

use super::super::read::Pods;
use super::sources::Sources;
use super::workload::Workloads;
use crate::context::Context;
use crate::error::Error;
use futures::future::{try_join, try_join_all};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, PodSpec, PodTemplateSpec, Secret};
use kube::core::Selector;
use mendix_model::manifest::{Source, named, of_app};
use mendix_model::names;
use std::collections::{BTreeMap, BTreeSet};

/// What is there of the manifests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plain {
    pub(crate) workloads: Workloads,
    pub(crate) sources: Sources,
    /// Pods that pull images.
    pub(crate) pulls: Vec<Pod>,
}

/// `by_name`: the environment holds a database by its name already.
pub(crate) async fn read(
    context: &Context,
    namespace: &str,
    by_name: bool,
    workloads: Workloads,
    pods: &Pods,
) -> Result<Plain, Error> {
    let wanted: BTreeSet<_> = specs(&workloads, &pods.guarded)
        .flat_map(|(annotations, spec)| of_app(annotations, spec).map(named).unwrap_or_default())
        .collect();
    Ok(Plain {
        sources: Sources {
            by_name,
            ..sources(context, namespace, wanted).await?
        },
        pulls: pods.pulls.clone(),
        workloads,
    })
}

type Annotated<'a> = (Option<&'a BTreeMap<String, String>>, &'a PodSpec);

fn specs<'a>(workloads: &'a Workloads, pods: &'a [Pod]) -> impl Iterator<Item = Annotated<'a>> {
    let of_pods = pods
        .iter()
        .filter_map(|pod| Some((pod.metadata.annotations.as_ref(), pod.spec.as_ref()?)));
    let templates = workloads
        .templates(&["leader", "worker", "peer", "ordinal"])
        .into_iter();
    let of_templates = templates.map(|it| (it.annotations, it.spec));
    of_pods.chain(of_templates)
}

/// Labels of workloads are their authors' own; only those of the template are ours to know.
pub(crate) async fn workloads(
    context: &Context,
    namespace: &str,
    environment: &str,
) -> Result<Workloads, Error> {
    let deployments = crate::read::list::<Deployment>(context, namespace, "");
    let stateful_sets = crate::read::list::<StatefulSet>(context, namespace, "");
    let (mut deployments, mut stateful_sets) = try_join(deployments, stateful_sets).await?;
    deployments.retain(|it| is_of(it.spec.as_ref().map(|spec| &spec.template), environment));
    stateful_sets.retain(|it| is_of(it.spec.as_ref().map(|spec| &spec.template), environment));
    let replica_sets = deployments.iter().map(|it| replica_sets(context, namespace, it));
    Ok(Workloads {
        replica_sets: try_join_all(replica_sets).await?.concat(),
        deployments,
        stateful_sets,
    })
}

fn is_of(template: Option<&PodTemplateSpec>, environment: &str) -> bool {
    let labels = template.and_then(|it| it.metadata.as_ref()?.labels.as_ref());
    let named = labels.and_then(|labels| labels.get(names::ENVIRONMENT_LABEL));
    named.map(String::as_str) == Some(environment)
}

/// Those that a Deployment can have made: they have the labels that it selects by, which never change.
async fn replica_sets(
    context: &Context,
    namespace: &str,
    deployment: &Deployment,
) -> Result<Vec<ReplicaSet>, Error> {
    let selector = deployment.spec.as_ref().map(|spec| spec.selector.clone());
    // What cannot be read selects everything, which is only slower: owners are compared all the same.
    let selector = Selector::try_from(selector.unwrap_or_default()).unwrap_or_default();
    crate::read::list(context, namespace, &selector.to_string()).await
}

/// Secrets are read by name and only here; where even that is refused, the level that needs them is off.
async fn sources(
    context: &Context,
    namespace: &str,
    wanted: BTreeSet<(Source, String)>,
) -> Result<Sources, Error> {
    let mut sources = Sources::default();
    for (kind, name) in wanted {
        let read = match kind {
            Source::Secret => secret(context, namespace, &name).await,
            Source::ConfigMap => config_map(context, namespace, &name).await,
        };
        match read {
            Ok(found) => drop(sources.found.insert((kind, name), found)),
            Err(Error::Read { source, .. }) if is_forbidden(&source) => sources.refused = true,
            Err(error) => return Err(error),
        }
    }
    Ok(sources)
}

fn is_forbidden(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(answer) if answer.is_forbidden())
}

type Values = Option<BTreeMap<String, String>>;

async fn secret(context: &Context, namespace: &str, name: &str) -> Result<Values, Error> {
    let found = crate::read::optional::<Secret>(context, namespace, name).await?;
    Ok(found.map(|secret| {
        let data = secret.data.unwrap_or_default().into_iter();
        data.filter_map(|(key, value)| Some((key, String::from_utf8(value.0).ok()?)))
            .collect()
    }))
}

async fn config_map(context: &Context, namespace: &str, name: &str) -> Result<Values, Error> {
    let found = crate::read::optional::<ConfigMap>(context, namespace, name).await?;
    Ok(found.map(|map| map.data.unwrap_or_default()))
}
