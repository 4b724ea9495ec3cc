//! `kubectl mendix retry`: take the pods of failed tasks away, so that their tasks run again.

use crate::cli::{DryRun, RetryArguments};
use crate::cluster::Cluster;
use crate::deploy::wait::{WAIT, wait};
use crate::environment::Environment;
use crate::failure::{Failure, Request, explain};
use crate::gather;
use crate::outcome::Outcome;
use crate::view::AppView;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, Preconditions};
use kube::{Api, ResourceExt};
use std::io::Write as _;

/// Runs the tasks of an app again that have failed: its build, and what provides its database and files.
///
/// # Errors
/// There is no such app, or a pod cannot be deleted.
pub async fn retry(arguments: &RetryArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    let cluster = Cluster::connect(&environment.target).await?;
    let name = &arguments.name;
    let gathered = gather::app(&cluster, name).await.map_err(|error| error.failure)?;
    let view = AppView::new(gathered);
    let failed = view.failed_task_pods();
    if failed.is_empty() {
        environment.note(&format!("no task of {name} has failed"));
    }
    for pod in failed {
        if take_away(&cluster, &pod.name, arguments.dry_run).await? {
            let suffix = DryRun::suffix(arguments.dry_run);
            writeln!(environment.out.writer, "pod/{} deleted{suffix}", pod.name)?;
        }
    }
    if arguments.wait {
        wait(&cluster, name, environment.timeout.unwrap_or(WAIT), environment).await?;
    }
    Ok(Outcome::Done)
}

/// Exactly the pod that failed: its task may run again by now. False: it is not there any more.
async fn take_away(cluster: &Cluster, name: &str, dry_run: Option<DryRun>) -> Result<bool, Failure> {
    let request = |verb| Request {
        verb,
        resource: "pods",
        namespace: Some(&cluster.namespace),
    };
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let found = pods.get_opt(name).await;
    let Some(pod) = found.map_err(|error| explain(&error, &request("get")))? else {
        return Ok(false);
    };
    let failed = pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Failed");
    if !failed || dry_run == Some(DryRun::Client) {
        return Ok(failed);
    }
    let parameters = DeleteParams {
        dry_run: dry_run == Some(DryRun::Server),
        preconditions: Some(Preconditions {
            uid: pod.uid(),
            resource_version: None,
        }),
        ..DeleteParams::default()
    };
    match pods.delete(name, &parameters).await {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => Ok(false),
        Err(error) => Err(explain(&error, &request("delete"))),
    }
}
