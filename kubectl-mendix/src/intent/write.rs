//! Writes a declaration into the spec of an environment.

use super::ENVIRONMENTS;
use crate::cli::DryRun;
use crate::cluster::Cluster;
use crate::deploy::FIELD_MANAGER;
use crate::failure::{Failure, Request, explain, is_unknown_resource};
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::ApiResource;
use kube::{Api, Client};
use mendix_model::crd;
use serde_json::{Value, json};

/// How often a declaration is put together again after somebody else changed the environment in between.
const ATTEMPTS: usize = 5;

/// Reads an environment, makes the new part of its spec out of it, and sends that. Returns the environment as it is
/// then, or with a client's dry run as it would be.
///
/// A list is replaced as a whole by a merge patch, so what is sent names the version that it was made from: the entry
/// of somebody who declares something at the same time is not lost.
///
/// # Errors
/// The environment does not exist or may not be changed.
pub async fn write(
    client: &Client,
    namespace: &str,
    name: &str,
    dry_run: Option<DryRun>,
    change: impl Fn(&Value) -> Value,
) -> Result<Value, Failure> {
    let parameters = PatchParams {
        dry_run: dry_run == Some(DryRun::Server),
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    };
    let mut words = String::new();
    for _ in 0..ATTEMPTS {
        let live = read(client, namespace, name).await?;
        let wish = change(&live["spec"]);
        if dry_run == Some(DryRun::Client) {
            return Ok(with(live, wish));
        }
        let version = &live["metadata"]["resourceVersion"];
        let patch = json!({ "metadata": { "resourceVersion": version }, "spec": wish });
        let api = environments(client, namespace);
        match api.patch(name, &parameters, &Patch::Merge(patch)).await {
            Ok(written) => return value(written),
            Err(kube::Error::Api(status)) if status.is_conflict() => words.clone_from(&status.message),
            Err(error) => return Err(explain(&error, &request("patch", namespace))),
        }
    }
    Err(Failure::new(format!(
        "failed to change environment {name}: somebody else changes it at the same time: {words}"
    )))
}

/// Writes fields of the spec that do not depend on what is there.
///
/// # Errors
/// See [`write`].
pub async fn declare(
    cluster: &Cluster,
    name: &str,
    dry_run: Option<DryRun>,
    declaration: &Value,
) -> Result<Value, Failure> {
    let declaration = |_: &Value| declaration.clone();
    write(&cluster.client, &cluster.namespace, name, dry_run, declaration).await
}

/// Reads an environment.
///
/// # Errors
/// It does not exist or may not be read.
pub async fn read(client: &Client, namespace: &str, name: &str) -> Result<Value, Failure> {
    let live = environments(client, namespace).get(name).await;
    value(live.map_err(|error| unreadable(&error, namespace, name))?)
}

/// Untyped: entries of a list that this version does not know whole must come back as they were.
fn environments(client: &Client, namespace: &str) -> Api<DynamicObject> {
    let resource = ApiResource::erase::<crd::Environment>(&());
    Api::namespaced_with(client.clone(), namespace, &resource)
}

/// What a merge patch of fields of the spec makes of an environment.
fn with(mut live: Value, wish: Value) -> Value {
    if let Value::Object(fields) = wish {
        for (name, field) in fields {
            live["spec"][name] = field;
        }
    }
    live
}

fn request<'a>(verb: &'a str, namespace: &'a str) -> Request<'a> {
    Request {
        verb,
        resource: ENVIRONMENTS,
        namespace: Some(namespace),
    }
}

fn unreadable(error: &kube::Error, namespace: &str, name: &str) -> Failure {
    match error {
        kube::Error::Api(status) if status.code == 404 && !is_unknown_resource(status) => {
            Failure::new(format!("there is no environment {name} in namespace {namespace}"))
                .hint("kubectl get environments.guard.kubectl-mendix.io -A lists those there are")
                .hint(
                    "kubectl mendix protect makes one for each value of label kubectl-mendix.io/environment",
                )
        }
        error => explain(error, &request("get", namespace)),
    }
}

fn value(mut object: DynamicObject) -> Result<Value, Failure> {
    object.metadata.managed_fields = None;
    serde_json::to_value(object)
        .map_err(|error| Failure::new(format!("failed to understand an environment: {error}")))
}
