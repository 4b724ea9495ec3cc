//! `kubectl mendix plan`: what a change would do, step by step, and for how long nobody would serve.

use super::{deploy, history, intend, safe_rollout};
use crate::cli::{DeployArguments, DryRun, PlanArguments, SourceArguments};
use crate::cluster::Cluster;
use crate::deploy::prepare::{Target, documents};
use crate::environment::Environment;
use crate::failure::{Failure, Request, explain};
use crate::intent::write;
use crate::outcome::Outcome;
use crate::output::{OutputFormat, json, yaml};
use crate::plan::{Plan, Present, of_app, of_manifests};
use crate::print::plan as print;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use mendix_model::crd::{self, MendixApp};
use mendix_model::names::{self, Role};
use mendix_tasks::build::model_of_file;
use serde_json::Value;
use std::io::Write as _;

/// Shows what would happen. Nothing is written: the cluster judges the change, and keeps nothing of it.
///
/// # Errors
/// The change is refused, or the cluster cannot be asked.
pub async fn plan(arguments: PlanArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    if arguments.output == OutputFormat::Name {
        return Err(Failure::usage("a plan is printed as table, wide, json or yaml").into());
    }
    let cluster = Cluster::connect(&environment.target).await?;
    let format = arguments.output;
    let plans = match &arguments.leader {
        Some(leader) => vec![manifests(&cluster, leader, &arguments, environment).await?],
        None => Box::pin(apps(&cluster, arguments)).await?,
    };
    show(&plans, format, environment)?;
    let changes = plans.iter().any(|plan| !plan.steps.is_empty());
    Ok(if changes { Outcome::Changes } else { Outcome::Done })
}

fn show(plans: &[Plan], format: OutputFormat, environment: &mut Environment) -> anyhow::Result<()> {
    let out = &mut environment.out.writer;
    match (format, plans) {
        (OutputFormat::Json, [plan]) => json(plan, out),
        (OutputFormat::Yaml, [plan]) => yaml(plan, out),
        (OutputFormat::Json, plans) => json(&plans, out),
        (OutputFormat::Yaml, plans) => yaml(&plans, out),
        (_, plans) => Ok(plans
            .iter()
            .try_for_each(|plan| write!(out, "{}", print::plan(plan)))?),
    }
}

async fn apps(cluster: &Cluster, arguments: PlanArguments) -> anyhow::Result<Vec<Plan>> {
    let package = arguments.source.package.as_deref();
    let model = match package {
        Some(package) => Some(model_of_file(package).await?),
        None => None,
    };
    let asked = DeployArguments {
        name: arguments.name,
        filename: arguments.filename,
        source: SourceArguments {
            source_url: arguments.source.source_url,
            image: arguments.source.image,
            ..SourceArguments::default()
        },
        settings: arguments.settings,
        dry_run: Some(DryRun::Server),
        force_conflicts: true,
        ..DeployArguments::default()
    };
    let documents = documents(&asked)?;
    let mut plans = Vec::new();
    for target in deploy::targets(&documents, &asked) {
        plans.push(Box::pin(app(cluster, target, &asked, model.as_deref())).await?);
    }
    Ok(plans)
}

async fn app(
    cluster: &Cluster,
    target: Target<'_>,
    asked: &DeployArguments,
    model: Option<&str>,
) -> anyhow::Result<Plan> {
    let source = deploy::plain_source(asked);
    let (prepared, sent) = deploy::send_fresh(cluster, target, asked, source.as_deref()).await?;
    let inside = Cluster {
        namespace: prepared.namespace,
        ..cluster.clone()
    };
    let name = target.name();
    let wanted: MendixApp = serde_json::from_value(sent.object)?;
    let before = prepared.before.map(serde_json::from_value).transpose()?;
    let present = Box::pin(present(&inside, name, before)).await?;
    Ok(of_app(name, &wanted, model, &present))
}

async fn present(cluster: &Cluster, name: &str, app: Option<MendixApp>) -> Result<Present, Failure> {
    let (client, namespace) = (cluster.client.clone(), cluster.namespace.as_str());
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let environments: Api<crd::Environment> = Api::namespaced(client.clone(), namespace);
    let pods: Api<Pod> = Api::namespaced(client, namespace);
    let failed = |verb, resource| {
        move |error: kube::Error| {
            let namespace = Some(namespace);
            explain(
                &error,
                &Request {
                    verb,
                    resource,
                    namespace,
                },
            )
        }
    };
    let deployment = async |role| {
        let found = deployments.get_opt(&names::deployment(name, role)).await;
        found.map_err(failed("get", "deployments.apps"))
    };
    let own = ListParams::default().labels(&names::selector_text(&names::selector(name, None)));
    Ok(Present {
        app,
        runtime: intend::runtime(cluster, name).await?,
        leader: deployment(Role::Leader).await?,
        worker: deployment(Role::Worker).await?,
        environment: environments
            .get_opt(name)
            .await
            .map_err(failed("get", "environments.guard.kubectl-mendix.io"))?,
        pods: pods.list(&own).await.map_err(failed("list", "pods"))?.items,
    })
}

async fn manifests(
    cluster: &Cluster,
    leader: &crate::rollout::Reference,
    arguments: &PlanArguments,
    environment: &mut Environment,
) -> anyhow::Result<Plan> {
    let image = arguments.source.image.as_deref().unwrap_or_default();
    let asked = safe_rollout::planned(cluster, leader, &arguments.workers, image, environment).await?;
    let live: Value = write::read(&cluster.client, &cluster.namespace, &asked.name).await?;
    let rollouts = history::rollouts(&live)?;
    Ok(of_manifests(
        &asked.name,
        &asked.changes,
        asked.workers,
        &rollouts,
    ))
}
