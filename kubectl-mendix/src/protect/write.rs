//! Writes of `protect` and `unprotect`. Decides nothing.

use super::Guard;
use super::restart::PodReference;
use crate::cluster::Cluster;
use crate::deploy::FIELD_MANAGER;
use crate::failure::{Failure, Request, explain};
use crate::intent::ENVIRONMENTS;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::core::NamespaceResourceScope;
use kube::{Api, Resource, ResourceExt};
use mendix_model::names::GUARD_LABEL;
use mendix_model::{crd, names};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::fmt::Debug;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How long API servers may take to see the namespace's label.
const IN_FORCE: Duration = Duration::from_secs(15);
/// Time between two questions whether they do.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// Labels the command's namespace; without a value it takes the label off.
///
/// # Errors
/// The namespace may not be changed.
pub async fn label(cluster: &Cluster, guard: Option<Guard>, dry_run: bool) -> Result<(), Failure> {
    let patch = json!({ "metadata": { "labels": { GUARD_LABEL: guard.map(Guard::as_str) } } });
    let parameters = PatchParams {
        dry_run,
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    };
    let namespaces = Api::<Namespace>::all(cluster.client.clone());
    let written = namespaces
        .patch(&cluster.namespace, &parameters, &Patch::Merge(patch))
        .await;
    let request = Request {
        verb: "patch",
        resource: "namespaces",
        namespace: Some(&cluster.namespace),
    };
    written.map(drop).map_err(|error| explain(&error, &request))
}

/// Makes an object of the namespace as it is given here. It is ours alone, so fields of others are taken over.
///
/// # Errors
/// It may not be written. Nobody gives away rights in a Role that they do not have (Kubernetes documentation, "Using
/// RBAC Authorization").
pub async fn apply<K>(cluster: &Cluster, object: &K, dry_run: bool) -> Result<(), Failure>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + DeserializeOwned
        + Serialize,
{
    let parameters = PatchParams {
        dry_run,
        ..PatchParams::apply(FIELD_MANAGER).force()
    };
    let api = Api::<K>::namespaced(cluster.client.clone(), &cluster.namespace);
    let written = api
        .patch(&object.name_any(), &parameters, &Patch::Apply(object))
        .await;
    let resource = format!("{}.{}", K::plural(&()), K::group(&()));
    let request = Request {
        verb: "patch",
        resource: &resource,
        namespace: Some(&cluster.namespace),
    };
    written.map(drop).map_err(|error| explain(&error, &request))
}

/// Makes an environment that is not there yet, as the controller makes it with the first pod at the gate. Before that pod
/// the controller has nothing to adopt running pods for.
///
/// # Errors
/// It may not be made.
pub async fn ensure_environment(cluster: &Cluster, name: &str, dry_run: bool) -> Result<(), Failure> {
    let parameters = PostParams {
        dry_run,
        field_manager: Some(FIELD_MANAGER.to_owned()),
    };
    let labels = [names::ENVIRONMENT_LABEL, names::OFFICIAL_APP_LABEL];
    let mut environment = crd::Environment::new(name, crd::EnvironmentSpec::default());
    environment.metadata.labels = Some(labels.map(|label| (label.to_owned(), name.to_owned())).into());
    environment.metadata.finalizers = Some(vec![names::ENVIRONMENT_FINALIZER.to_owned()]);
    let api = Api::<crd::Environment>::namespaced(cluster.client.clone(), &cluster.namespace);
    let request = Request {
        verb: "create",
        resource: ENVIRONMENTS,
        namespace: Some(&cluster.namespace),
    };
    match api.create(&parameters, &environment).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.is_already_exists() => Ok(()),
        Err(error) => Err(explain(&error, &request)),
    }
}

/// Deletes an object of the namespace, if it is there.
///
/// # Errors
/// It may not be deleted.
pub async fn remove<K>(cluster: &Cluster, name: &str, dry_run: bool) -> Result<(), Failure>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let parameters = DeleteParams {
        dry_run,
        ..DeleteParams::default()
    };
    let api = Api::<K>::namespaced(cluster.client.clone(), &cluster.namespace);
    let resource = format!("{}.{}", K::plural(&()), K::group(&()));
    let request = Request {
        verb: "delete",
        resource: &resource,
        namespace: Some(&cluster.namespace),
    };
    match api.delete(name, &parameters).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        Err(error) => Err(explain(&error, &request)),
    }
}

/// Deletes a pod with its own grace, if it is still the one that is meant.
///
/// # Errors
/// It may not be deleted.
pub async fn delete_pod(cluster: &Cluster, pod: &PodReference) -> Result<(), Failure> {
    let parameters = DeleteParams::default().preconditions(Preconditions {
        uid: Some(pod.uid.clone()),
        resource_version: None,
    });
    let request = Request {
        verb: "delete",
        resource: "pods",
        namespace: Some(&cluster.namespace),
    };
    let pods = Api::<Pod>::namespaced(cluster.client.clone(), &cluster.namespace);
    match pods.delete(&pod.name, &parameters).await {
        Ok(_) => Ok(()),
        // Gone, or another one of the name.
        Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => Ok(()),
        Err(error) => Err(explain(&error, &request)),
    }
}

/// Whether a new pod of an environment gets the gate here, which the API server is asked with a pod that it does not
/// keep. Where there are several API servers this is the word of one.
///
/// # Errors
/// It cannot be asked.
async fn gates_new_pods(cluster: &Cluster) -> Result<bool, Failure> {
    let parameters = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let request = Request {
        verb: "create",
        resource: "pods",
        namespace: Some(&cluster.namespace),
    };
    let pods = Api::<Pod>::namespaced(cluster.client.clone(), &cluster.namespace);
    match pods.create(&parameters, &probe()?).await {
        Ok(pod) => Ok(is_gated(&pod)),
        // What is born without the gate is refused: MX027, of the chart's policy on births.
        Err(kube::Error::Api(status)) if status.message.contains("MX027") => Ok(false),
        Err(error) => Err(explain(&error, &request).hint(
            "this asks whether new pods get the gate, and creates none; without an answer no running app is stopped",
        )),
    }
}

/// Waits until new pods get the gate, or no longer do; false when the API server still does otherwise after a while.
///
/// # Errors
/// It cannot be asked.
pub async fn gating_becomes(cluster: &Cluster, wanted: bool) -> Result<bool, Failure> {
    let end = Instant::now() + IN_FORCE;
    let mut ticks = interval(ASK_AGAIN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while Instant::now() < end {
        ticks.tick().await;
        if gates_new_pods(cluster).await? == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Within Pod Security `restricted` and usual quotas, so that it is judged for its labels alone.
fn probe() -> Result<Pod, Failure> {
    let few = json!({ "cpu": "1m", "memory": "1Mi" });
    let pod = json!({
        "metadata": {
            "name": "kubectl-mendix-probe",
            "labels": { names::ENVIRONMENT_LABEL: "kubectl-mendix-probe", names::ROLE_LABEL: "worker" },
        },
        "spec": {
            "automountServiceAccountToken": false,
            "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [{
                "name": "probe",
                "image": "kubectl-mendix.invalid/probe",
                "resources": { "requests": few, "limits": few },
                "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
            }],
        },
    });
    serde_json::from_value(pod)
        .map_err(|error| Failure::new(format!("failed to make a pod to ask with: {error}")))
}

fn is_gated(pod: &Pod) -> bool {
    let gates = pod.spec.as_ref().and_then(|spec| spec.scheduling_gates.as_ref());
    gates.into_iter().flatten().any(|gate| gate.name == names::GATE)
}
