//! Waits for what the controller does, and tells it.

use super::gather::{gather, list};
use super::restart::{PodReference, Restart};
use super::workload::{Workload, workloads};
use super::write::delete_pod;
use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::follow::{Ending, changes_of_gate, follow, telling};
use crate::gather::{ReadError, is_plain};
use crate::view::Health;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use mendix_model::conditions::{Progress, progress};
use mendix_model::{crd, names};
use std::time::Duration;
use tokio::time::Instant;

/// How something is, in a sentence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct State {
    /// How it is.
    pub health: Health,
    /// What is waited for.
    pub message: String,
}

impl State {
    fn ready() -> Self {
        Self {
            health: Health::Ready,
            message: String::new(),
        }
    }

    fn progressing(message: impl Into<String>) -> Self {
        Self {
            health: Health::Progressing,
            message: message.into(),
        }
    }
}

/// Restarts an environment and waits until it is ready again; returns the last state when it is not. Nothing is stopped
/// before the controller knows the environment.
///
/// Deleting is all that is done, and every pod by its uid: whatever is interrupted, the same command goes on with what
/// is left, and the gate does the rest.
///
/// # Errors
/// A pod may not be deleted, or the cluster cannot be asked any more.
pub async fn settle(
    cluster: &Cluster,
    restart: &Restart,
    timeout: Duration,
    environment: &mut Environment,
) -> anyhow::Result<Result<(), State>> {
    let end = Instant::now() + timeout;
    let name = &restart.environment;
    let look = async || Ok(known(name, object(cluster, name).await?.as_ref()));
    if let Err(state) = wait(cluster, look, end, environment).await? {
        return Ok(Err(state));
    }
    for stage in &restart.stages {
        environment.note(&format!(
            "{}: deleting {} {}",
            restart.environment,
            stage.what,
            join(&stage.pods)
        ));
        for pod in &stage.pods {
            delete_pod(cluster, pod).await?;
        }
        let look = async || Ok(left(&list(cluster).await?, &stage.pods));
        if let Err(state) = wait(cluster, look, end, environment).await? {
            return Ok(Err(state));
        }
    }
    let look = async || {
        let workloads = workloads(&gather(cluster).await?);
        Ok(restarted(name, object(cluster, name).await?.as_ref(), &workloads))
    };
    wait(cluster, look, end, environment).await
}

/// The environment, listed: a name that is not there yet is no error.
async fn object(cluster: &Cluster, name: &str) -> Result<Option<crd::Environment>, ReadError> {
    let all: Vec<crd::Environment> = list(cluster).await?;
    Ok(all.into_iter().find(|it| it.name_any() == name))
}

/// Whether the controller has the environment in hand, and knows its database: else nothing that is stopped would start
/// again.
fn known(name: &str, object: Option<&crd::Environment>) -> State {
    let Some(object) = object else {
        return unseen(name);
    };
    match told(object) {
        Progress::Stalled { message, .. } => State::progressing(format!("{name}: {message}")),
        Progress::Working { .. } | Progress::Ready if is_reported(object) => State::ready(),
        Progress::Working { .. } | Progress::Ready => unseen(name),
    }
}

fn is_reported(object: &crd::Environment) -> bool {
    let status = object.status.as_ref();
    status.is_some_and(|status| !status.conditions.is_empty())
}

fn told(object: &crd::Environment) -> Progress {
    let status = object.status.as_ref();
    let conditions = status.map(|status| status.conditions.as_slice());
    progress(conditions.unwrap_or_default(), object.metadata.generation)
}

fn unseen(name: &str) -> State {
    State::progressing(format!("{name}: the controller has not seen the environment yet"))
}

fn join(pods: &[PodReference]) -> String {
    let names: Vec<_> = pods.iter().map(|pod| pod.name.as_str()).collect();
    names.join(", ")
}

/// Waits until nothing of the namespace bears a gate or finalizer of ours, and no environment of plain manifests is
/// left; returns the last state when something is. The environments go last, and after their claims: until then the
/// controller needs label and rights.
///
/// # Errors
/// The cluster cannot be asked any more.
pub async fn freed(
    cluster: &Cluster,
    timeout: Duration,
    environment: &mut Environment,
) -> anyhow::Result<Result<(), State>> {
    let look = async || Ok(held(&list(cluster).await?, &list(cluster).await?));
    wait(cluster, look, Instant::now() + timeout, environment).await
}

/// Looks at every change until it is ready, and says what it waits for whenever that is another thing.
async fn wait(
    cluster: &Cluster,
    look: impl AsyncFn() -> Result<State, ReadError>,
    end: Instant,
    environment: &mut Environment,
) -> anyhow::Result<Result<(), State>> {
    let tell = telling(environment, |state: &State| state.message.clone());
    let left = end.saturating_duration_since(Instant::now());
    let health = |state: &State| state.health;
    Ok(
        match follow(changes_of_gate(cluster), look, health, tell, Some(left)).await? {
            Ending::Settled(state) if state.health == Health::Ready => Ok(()),
            Ending::Settled(state) | Ending::TimedOut(Some(state)) => Err(state),
            Ending::TimedOut(None) => Err(State::progressing("nothing could be read in time")),
        },
    )
}

/// Whether pods that were deleted have gone.
fn left(pods: &[Pod], deleted: &[PodReference]) -> State {
    let is_left = |it: &&PodReference| pods.iter().any(|pod| pod.uid().as_ref() == Some(&it.uid));
    let names: Vec<_> = deleted
        .iter()
        .filter(is_left)
        .map(|it| it.name.as_str())
        .collect();
    if names.is_empty() {
        State::ready()
    } else {
        State::progressing(format!("waiting for the end of {}", names.join(", ")))
    }
}

/// Whether an environment is up again, with guarded pods alone.
fn restarted(name: &str, object: Option<&crd::Environment>, workloads: &[Workload]) -> State {
    let own: Vec<_> = workloads
        .iter()
        .filter(|it| it.environment.as_deref() == Some(name))
        .collect();
    if let Some(pod) = own.iter().find_map(|it| it.unguarded().next()) {
        return State {
            health: Health::Stalled,
            message: format!(
                "{name}: pod {} came without the gate: the webhook or the policies of the chart are not in force everywhere",
                pod.name
            ),
        };
    }
    let Some(object) = object else {
        return unseen(name);
    };
    match told(object) {
        // What stalled may be what the restart mends, so that is waited for as well.
        Progress::Working { message, .. } | Progress::Stalled { message, .. } => {
            State::progressing(format!("{name}: {message}"))
        }
        Progress::Ready => {
            let waiting = own.iter().find_map(|it| missing(it));
            waiting.map_or_else(State::ready, |message| {
                State::progressing(format!("{name}: {message}"))
            })
        }
    }
}

fn missing(workload: &Workload) -> Option<String> {
    let ready = workload
        .pods
        .iter()
        .filter(|pod| pod.opened && pod.ready && !pod.leaving)
        .count();
    let wanted = usize::try_from(workload.replicas).unwrap_or_default();
    (ready < wanted).then(|| format!("{ready} of {wanted} pods of {} are ready", workload.title()))
}

/// What the controller still has in hand.
fn held(pods: &[Pod], environments: &[crd::Environment]) -> State {
    let bearing: Vec<_> = pods
        .iter()
        .filter(|pod| bears(pod))
        .map(ResourceExt::name_any)
        .collect();
    if !bearing.is_empty() {
        return State::progressing(format!(
            "waiting for the controller to free gate or finalizer of {}",
            bearing.join(", ")
        ));
    }
    let plain = environments.iter().filter(|it| is_plain(it));
    let left: Vec<_> = plain.map(ResourceExt::name_any).collect();
    if left.is_empty() {
        State::ready()
    } else {
        State::progressing(format!(
            "waiting for the controller to give up the database claim and environment of {}",
            left.join(", ")
        ))
    }
}

/// Whether a pod still bears gate or finalizer. Those of our own controller's apps always do, and are not meant.
fn bears(pod: &Pod) -> bool {
    let spec = pod.spec.as_ref();
    let all = spec.and_then(|spec| spec.scheduling_gates.as_ref());
    let gated = all.into_iter().flatten().any(|gate| gate.name == names::GATE);
    let ours = pod.labels().contains_key(names::COMPONENT_LABEL);
    !ours && (gated || pod.finalizers().iter().any(|it| it == names::ACTIVE_FINALIZER))
}

#[cfg(test)]
mod tests {
    use super::super::workload::PodFacts;
    use super::super::workload::tests::pod;
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
    use mendix_model::manifest::Kind;
    use rstest::rstest;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn object(ready: Option<&str>) -> crd::Environment {
        let conditions: Vec<Value> = ready
            .map(|status| {
                json!({"type": "Ready", "status": status, "reason": "R", "message": "pod a waits", "observedGeneration": 1,
                    "lastTransitionTime": "2026-01-01T00:00:00Z"})
            })
            .into_iter()
            .collect();
        serde_json::from_value(json!({
            "apiVersion": "guard.kubectl-mendix.io/v1alpha1", "kind": "Environment",
            "metadata": {"name": "shop", "generation": 1}, "spec": {}, "status": {"conditions": conditions},
        }))
        .expect("environment")
    }

    fn workload(facts: PodFacts) -> Workload {
        Workload {
            kind: Kind::Deployment,
            name: "shop".to_owned(),
            environment: Some("shop".to_owned()),
            role: Some("leader".to_owned()),
            annotations: BTreeMap::new(),
            spec: serde_json::from_value(json!({"containers": []})).expect("spec"),
            replicas: 1,
            first: 0,
            rolls: false,
            pods: vec![facts],
        }
    }

    fn opened(ready: bool) -> PodFacts {
        PodFacts {
            name: "shop-a".to_owned(),
            opened: true,
            ready,
            ..PodFacts::default()
        }
    }

    #[rstest]
    #[case::up(Some(object(Some("True"))), opened(true), Health::Ready, "")]
    #[case::old_word_of_ready(
        Some(object(Some("True"))),
        opened(false),
        Health::Progressing,
        "0 of 1 pods of deployment/shop are ready"
    )]
    #[case::held(Some(object(Some("False"))), opened(true), Health::Progressing, "shop: ")]
    #[case::unseen(None, opened(true), Health::Progressing, "has not seen")]
    #[case::born_without(
        Some(object(Some("True"))),
        PodFacts::default(),
        Health::Stalled,
        "without the gate"
    )]
    fn an_environment_is_up_again_with_guarded_pods_alone(
        #[case] object: Option<crd::Environment>,
        #[case] facts: PodFacts,
        #[case] health: Health,
        #[case] message: &str,
    ) {
        let state = restarted("shop", object.as_ref(), &[workload(facts)]);
        assert_eq!(state.health, health);
        assert!(state.message.contains(message), "{state:?}");
    }

    #[rstest]
    #[case::seen(Some(object(Some("False"))), true)]
    #[case::not_yet_reported(Some(object(None)), false)]
    #[case::not_there(None, false)]
    fn nothing_is_stopped_before_the_controller_knows(
        #[case] object: Option<crd::Environment>,
        #[case] known: bool,
    ) {
        let state = super::known("shop", object.as_ref());
        assert_eq!(state.health == Health::Ready, known, "{state:?}");
    }

    #[test]
    fn another_pod_of_the_name_is_not_the_deleted_one() {
        let pods = [pod("shop-0", None, &json!({"uid": "new"}))];
        let of = |uid: &str| {
            [PodReference {
                name: "shop-0".to_owned(),
                uid: uid.to_owned(),
            }]
        };
        assert_eq!(left(&pods, &of("old")), State::ready());
        assert_eq!(left(&pods, &of("new")).health, Health::Progressing);
    }

    #[rstest]
    #[case::finalizer(json!({"finalizers": ["kubectl-mendix.io/active"]}), false)]
    #[case::anothers(json!({"finalizers": ["example.com/x"]}), true)]
    #[case::of_our_controller(
        json!({"finalizers": ["kubectl-mendix.io/active"], "labels": {"kubectl-mendix.io/component": "runtime"}}), true
    )]
    fn a_pod_is_freed_without_our_marks(#[case] metadata: Value, #[case] freed: bool) {
        let state = held(&[pod("a", None, &metadata)], &[]);
        assert_eq!(state.health == Health::Ready, freed, "{state:?}");
    }

    #[test]
    fn the_namespace_is_free_when_the_last_plain_environment_has_gone() {
        let left = object(Some("True"));
        let state = held(&[], std::slice::from_ref(&left));
        assert_eq!(state.health, Health::Progressing, "{state:?}");
        let mut of_app = left;
        of_app.metadata.owner_references = Some(vec![OwnerReference {
            controller: Some(true),
            ..OwnerReference::default()
        }]);
        assert_eq!(held(&[], &[of_app]), State::ready());
    }
}
