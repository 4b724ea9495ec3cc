//! Writes what was decided. Every write names the version that it was decided on.

use super::judged::JudgedPods;
use super::observe::Observed;
use super::plain::{Judged, Pulls};
use super::{claim, status};
use crate::apply::Writer;
use crate::context::Context;
use crate::error::Error;
use crate::report::Report;
use crate::toleration;
use futures::future::try_join_all;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use mendix_model::crd::{DatabaseClaim, Environment, EnvironmentStatus};
use mendix_model::gate::{Decision, Step};
use mendix_model::names;
use mendix_model::rollout::Deletion;
use serde_json::{Value, json};

/// How a round ended.
pub(crate) enum Outcome {
    /// Nothing more is to be done.
    Done,
    /// The claim is as it was decided: what it allows is decided next.
    ClaimWritten(Box<DatabaseClaim>),
    /// Something changed since it was read.
    Outdated,
}

/// Writes the claim; or, when it needs no change, acts on pods.
pub(crate) async fn act(
    context: &Context,
    observed: &Observed,
    judged: &JudgedPods,
    decision: &Decision,
    deletions: &[Deletion],
) -> Result<Outcome, Error> {
    if let Some(record) = &decision.record {
        return claim::write(context, observed, record).await;
    }
    let steps = decision.steps.iter().filter_map(|step| {
        let pod = find(observed, uid(step))?;
        Some(perform(context, observed, judged, pod, step))
    });
    let fresh = try_join_all(steps).await?;
    let deletions = deletions
        .iter()
        .filter_map(|deletion| find(observed, &deletion.uid));
    try_join_all(deletions.map(|pod| delete(context, pod, None))).await?;
    Ok(if fresh.contains(&false) {
        Outcome::Outdated
    } else {
        Outcome::Done
    })
}

/// The environment is over: the claim first, then the object that remembers it.
pub(crate) async fn end(
    context: &Context,
    environment: &Environment,
    observed: &Observed,
    now: Timestamp,
) -> Result<Report<EnvironmentStatus>, Error> {
    if observed.runtime.is_none() {
        claim::give_up_all(context, observed).await?;
    }
    let kept: Vec<String> = environment
        .finalizers()
        .iter()
        .filter(|it| *it != names::ENVIRONMENT_FINALIZER)
        .cloned()
        .collect();
    Writer::new(context, now)
        .set_finalizers(environment, &kept)
        .await?;
    Ok(status::over(environment))
}

/// Makes the pods that pull images, and takes away those that have told what they were made for.
pub(crate) async fn pull(context: &Context, pulls: &Pulls, now: Timestamp) -> Result<(), Error> {
    let writer = Writer::new(context, now);
    for pod in &pulls.create {
        writer.create(pod).await?;
    }
    for pod in &pulls.delete {
        writer.delete(pod).await?;
    }
    Ok(())
}

/// The environment has another database by now, and nothing may run on the earlier one any more.
pub(crate) async fn leave_earlier_claim(
    context: &Context,
    environment: &Environment,
    observed: &Observed,
) -> Result<(), Error> {
    let held = environment
        .status
        .as_ref()
        .and_then(|status| status.claim.as_ref());
    match (held, &observed.claim_name) {
        (Some(held), Ok(now)) if held != now => claim::give_up(context, observed, held).await,
        _ => Ok(()),
    }
}

fn find<'a>(observed: &'a Observed, uid: &str) -> Option<&'a Pod> {
    observed
        .pods
        .iter()
        .find(|pod| pod.metadata.uid.as_deref() == Some(uid))
}

fn uid(step: &Step) -> &str {
    match step {
        Step::Open(uid) | Step::Track(uid) | Step::Release(uid) | Step::Mark(uid) | Step::Void(uid) => uid,
    }
}

/// One request. False: the pod has changed since it was read.
async fn perform(
    context: &Context,
    observed: &Observed,
    judged: &JudgedPods,
    pod: &Pod,
    step: &Step,
) -> Result<bool, Error> {
    let claim = observed
        .claim
        .as_ref()
        .and_then(ResourceExt::uid)
        .unwrap_or_default();
    let change = match step {
        Step::Open(uid) => open(judged.pods.get(uid)),
        Step::Track(_) => track(pod, &observed.owner.environment),
        Step::Release(_) => without_finalizer(),
        Step::Mark(_) => json!({ "metadata": { "annotations": { names::CLAIM_MARK_ANNOTATION: claim } } }),
        // With its version: by now it may have been opened.
        Step::Void(_) => return delete(context, pod, pod.resource_version()).await,
    };
    patch(context, pod, change).await
}

/// Finalizer on, and what keeps a copy of the pod from starting without the gate.
fn track(pod: &Pod, environment: &str) -> Value {
    json!({
        "metadata": { "finalizers": [names::ACTIVE_FINALIZER] },
        "spec": { "tolerations": toleration::with_own(pod, environment) },
    })
}

/// Our finalizer off, and those of others left.
pub(crate) fn without_finalizer() -> Value {
    json!({ "metadata": { "$deleteFromPrimitiveList/finalizers": [names::ACTIVE_FINALIZER] } })
}

/// Gate off, by its name, so that those of others stay; finalizer on; the image pinned to the digest that was judged.
/// One patch: a pod is never one without the other. Images of our own apps are named by digest from the start.
fn open(judged: Option<&Judged>) -> Value {
    let mut patch = json!({
        "metadata": { "finalizers": [names::ACTIVE_FINALIZER] },
        "spec": { "schedulingGates": [{ "$patch": "delete", "name": names::GATE }] },
    });
    if let Some(Judged {
        container,
        image: Some(image),
        ..
    }) = judged
    {
        patch["spec"]["containers"] = json!([{ "name": container, "image": image }]);
    }
    patch
}

/// One change of exactly the pod that was read. False: it has changed since.
pub(crate) async fn patch(context: &Context, pod: &Pod, mut change: Value) -> Result<bool, Error> {
    change["metadata"]["uid"] = json!(pod.uid());
    change["metadata"]["resourceVersion"] = json!(pod.resource_version());
    let name = pod.name_any();
    let parameters = PatchParams {
        field_manager: Some(names::FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    };
    let api = context.api::<Pod>(&crate::metadata::namespace(pod));
    match api.patch(&name, &parameters, &Patch::Strategic(change)).await {
        Ok(_) => Ok(true),
        // Another version, another pod of the name, or a pod that is being deleted.
        Err(kube::Error::Api(answer)) if outdated(&answer) => Ok(false),
        Err(error) => Err(Error::write(format!("Pod {name}"))(error)),
    }
}

/// A wrong uid is answered with 422, a wrong version with 409.
fn outdated(answer: &kube::core::Status) -> bool {
    answer.is_conflict() || answer.is_not_found() || answer.code == 422
}

/// Deletes with the pod's own grace. Disruption budgets are not asked: they are about serving pods, and the new ones
/// cannot start before these are gone.
async fn delete(context: &Context, pod: &Pod, version: Option<String>) -> Result<bool, Error> {
    let name = pod.name_any();
    let parameters = DeleteParams {
        preconditions: Some(Preconditions {
            uid: pod.uid(),
            resource_version: version,
        }),
        ..DeleteParams::default()
    };
    let api = context.api::<Pod>(&crate::metadata::namespace(pod));
    match api.delete(&name, &parameters).await {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(answer)) if outdated(&answer) => Ok(false),
        Err(error) => Err(Error::write(format!("Pod {name}"))(error)),
    }
}
