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
use mendix_model::gate::{Decision, Situation, Step};
use mendix_model::lease::Told;
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
    situation: &Situation,
    decision: &Decision,
    deletions: &[Deletion],
) -> Result<Outcome, Error> {
    if let Some(record) = &decision.record {
        return claim::write(context, observed, record).await;
    }
    let steps = decision.steps.iter().filter_map(|step| {
        let pod = find(observed, uid(step))?;
        Some(perform(context, situation, judged, pod, step))
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
    situation: &Situation,
    judged: &JudgedPods,
    pod: &Pod,
    step: &Step,
) -> Result<bool, Error> {
    let claim = situation.claim.as_ref().map(|claim| &claim.uid);
    let change = match step {
        Step::Open(uid) => open(judged.pods.get(uid), situation),
        Step::Track(_) => track(pod, &situation.owner.environment),
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
/// One patch: a pod is never one without the other. Images of our own apps are named by digest from the start, and their
/// templates say what the guard is told; a plain pod is told as it starts, whether a guard reads it or not.
fn open(judged: Option<&Judged>, situation: &Situation) -> Value {
    let mut patch = json!({
        "metadata": { "finalizers": [names::ACTIVE_FINALIZER] },
        "spec": { "schedulingGates": [{ "$patch": "delete", "name": names::GATE }] },
    });
    let Some(judged) = judged else { return patch };
    if let Some(image) = &judged.image {
        patch["spec"]["containers"] = json!([{ "name": judged.container, "image": image }]);
    }
    if let Some(told) = told(judged, situation) {
        patch["metadata"]["annotations"] = json!({ names::LEASE_ANNOTATION: json!(told).to_string() });
    }
    patch
}

/// What the guard of a plain pod needs for its row. The claim was written for this pod before, so it is of this mode.
fn told(judged: &Judged, situation: &Situation) -> Option<Told> {
    Some(Told {
        owner: situation.owner.clone(),
        model: judged.model()?,
        leader_selection: situation.mode,
        adopt: situation.adopt.clone(),
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_model::crd::claim::{Owner, Role};
    use mendix_model::crd::common::LeaderSelection;

    fn situation() -> Situation {
        Situation {
            owner: Owner {
                cluster: "cluster-1".to_owned(),
                namespace: "prod".to_owned(),
                environment: "shop".to_owned(),
            },
            mode: LeaderSelection::Assigned,
            wanted: None,
            claim: None,
            pods: Vec::new(),
            gone: std::collections::BTreeSet::new(),
            complete: true,
            restored: None,
            adopt: Some("takeover-1".to_owned()),
        }
    }

    #[test]
    fn a_plain_pod_is_pinned_and_told_whose_it_is_as_its_gate_opens() {
        let judged = Judged {
            role: Role::Leader,
            container: "app".to_owned(),
            image: Some("shop@sha256:1".to_owned()),
            claim: Ok("database-1".to_owned()),
            contradiction: None,
        };
        let patch = open(Some(&judged), &situation());
        assert_eq!(
            patch["spec"]["containers"],
            json!([{"name": "app", "image": "shop@sha256:1"}])
        );
        let told = patch["metadata"]["annotations"]["kubectl-mendix.io/lease"].as_str();
        let told: Told = serde_json::from_str(told.expect("a text")).expect("understood");
        assert_eq!(
            (told.model.as_str(), told.adopt.as_deref()),
            ("sha256:1", Some("takeover-1"))
        );
        assert_eq!(told.owner, situation().owner);
    }

    #[test]
    fn a_pod_of_an_app_of_ours_is_opened_and_no_more() {
        let patch = open(None, &situation());
        assert_eq!(
            patch,
            json!({
                "metadata": {"finalizers": ["kubectl-mendix.io/active"]},
                "spec": {"schedulingGates": [{"$patch": "delete", "name": "kubectl-mendix.io/gate"}]},
            })
        );
    }
}
