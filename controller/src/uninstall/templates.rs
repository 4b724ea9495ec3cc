//! The gate goes from the templates of our Deployments, and no pod is restarted for it.
//!
//! A template that changes makes another `ReplicaSet`, and that another pod. A Deployment that is paused does not look;
//! so it and its `ReplicaSets` are changed alike while it is, and afterwards the present one is found to be the one that
//! the template asks for. (Kubernetes documentation, "Pausing and Resuming a rollout of a Deployment".)

use crate::apply::controller_of;
use crate::context::Context;
use crate::error::Error;
use crate::metadata::what;
use crate::read::{self, Namespaced};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use mendix_model::names;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;

const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// The controller of Deployments answers within milliseconds, or is not there.
const LOOKS: usize = 150;

/// Whatever a crash leaves paused is found by its annotation.
pub(super) async fn take_gates_off(context: &Context, namespace: &str) -> Result<(), Error> {
    let deployments: Vec<Deployment> = read::list(context, namespace, names::ENVIRONMENT_LABEL).await?;
    let sets: Vec<ReplicaSet> = read::list(context, namespace, names::ENVIRONMENT_LABEL).await?;
    for deployment in deployments.iter().filter(|it| is_of_interest(it)) {
        let own = sets.iter().filter(|set| is_owned(set, deployment));
        take_gate_off(context, deployment, own).await?;
    }
    Ok(())
}

async fn take_gate_off(
    context: &Context,
    deployment: &Deployment,
    sets: impl Iterator<Item = &ReplicaSet>,
) -> Result<(), Error> {
    patch(context, deployment, &paused(deployment)).await?;
    for set in sets {
        patch(context, set, &without_gate()).await?;
    }
    let changed = patch(context, deployment, &without_gate()).await?;
    seen(context, &changed).await?;
    patch(context, deployment, &resumed(deployment)).await.map(drop)
}

/// One of ours whose pods are born with the gate, or that was left paused.
fn is_of_interest(deployment: &Deployment) -> bool {
    let template = deployment.spec.as_ref().map(|spec| &spec.template);
    controller_of(&deployment.metadata).is_some()
        && (template.is_some_and(has_gate) || was_paused(deployment))
}

fn is_owned(set: &ReplicaSet, deployment: &Deployment) -> bool {
    let owner = controller_of(&set.metadata).map(|owner| &owner.uid);
    let template = set.spec.as_ref().and_then(|spec| spec.template.as_ref());
    owner == deployment.metadata.uid.as_ref() && template.is_some_and(has_gate)
}

fn has_gate(template: &PodTemplateSpec) -> bool {
    let gates = template
        .spec
        .as_ref()
        .and_then(|spec| spec.scheduling_gates.as_ref());
    gates.into_iter().flatten().any(|gate| gate.name == names::GATE)
}

fn was_paused(deployment: &Deployment) -> bool {
    deployment.annotations().contains_key(names::PAUSED_ANNOTATION)
}

/// The annotation tells our pause from a user's, which stays.
fn paused(deployment: &Deployment) -> Value {
    let by_user = deployment.spec.as_ref().and_then(|spec| spec.paused) == Some(true);
    if by_user && !was_paused(deployment) {
        return json!({});
    }
    json!({ "metadata": { "annotations": { names::PAUSED_ANNOTATION: "true" } }, "spec": { "paused": true } })
}

fn resumed(deployment: &Deployment) -> Value {
    if paused(deployment) == json!({}) {
        return json!({});
    }
    json!({ "metadata": { "annotations": { names::PAUSED_ANNOTATION: null } }, "spec": { "paused": false } })
}

/// Our gate by its name; those of others stay.
fn without_gate() -> Value {
    json!({ "spec": { "template": { "spec": { "schedulingGates": [{ "$patch": "delete", "name": names::GATE }] } } } })
}

async fn patch<K: Namespaced + Serialize>(context: &Context, object: &K, change: &Value) -> Result<K, Error> {
    let (name, namespace) = (object.name_any(), crate::metadata::namespace(object));
    let patched = context
        .api::<K>(&namespace)
        .patch(&name, &PatchParams::default(), &Patch::Strategic(change))
        .await;
    patched.map_err(Error::write(what::<K>(&name)))
}

/// Waits until the controller of Deployments has seen the template under the pause.
async fn seen(context: &Context, changed: &Deployment) -> Result<(), Error> {
    let (name, namespace) = (changed.name_any(), crate::metadata::namespace(changed));
    for _ in 0..LOOKS {
        let now: Option<Deployment> = read::optional(context, &namespace, &name).await?;
        let observed = now.and_then(|it| it.status?.observed_generation);
        if observed >= changed.metadata.generation {
            return Ok(());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn deployment(annotations: &Value, paused: bool, gates: &Value) -> Deployment {
        serde_json::from_value(json!({
            "metadata": {
                "annotations": annotations,
                "ownerReferences": [
                    { "apiVersion": "v", "kind": "Runtime", "name": "shop", "uid": "1", "controller": true },
                ],
            },
            "spec": {
                "paused": paused, "selector": {},
                "template": { "spec": { "containers": [], "schedulingGates": gates } },
            },
        }))
        .expect("deployment")
    }

    #[rstest]
    #[case::with_gate(json!({}), false, json!([{ "name": names::GATE }]), true, true)]
    #[case::done(json!({}), false, json!([]), false, true)]
    #[case::left_by_a_crash(json!({ names::PAUSED_ANNOTATION: "true" }), true, json!([]), true, true)]
    #[case::paused_by_a_user(json!({}), true, json!([{ "name": names::GATE }]), true, false)]
    fn a_pause_of_a_user_stays_and_ours_is_ended(
        #[case] annotations: Value,
        #[case] is_paused: bool,
        #[case] gates: Value,
        #[case] interesting: bool,
        #[case] ends: bool,
    ) {
        let deployment = deployment(&annotations, is_paused, &gates);
        assert_eq!(is_of_interest(&deployment), interesting);
        assert_eq!(resumed(&deployment)["spec"]["paused"] == json!(false), ends);
    }
}
