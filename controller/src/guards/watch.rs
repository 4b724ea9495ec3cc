//! Asks the guards from time to time: no watch tells what they see. Only a word that has changed wakes anybody, so an app
//! at rest costs no request to the API server.

use super::foreign::{Beside, foreign};
use super::{ask_all, fact};
use crate::context::Context;
use crate::metadata::namespace;
use crate::read::UNWATCHED;
use futures::StreamExt;
use k8s_openapi::api::core::v1::{Container, ContainerStatus, Pod, PodSpec, PodStatus};
use kube::api::ObjectMeta;
use kube::runtime::reflector::{self, Store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use mendix_model::conditions::Fact;
use mendix_model::names::ENVIRONMENT_LABEL;
use std::collections::BTreeMap;
use tokio::time::sleep;

/// Environments whose guards are asked at once.
const AT_ONCE: usize = 8;

/// Namespace and name of an environment.
pub(crate) type Place = (String, String);

/// What is told of an environment.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Word {
    fact: Option<Fact>,
    beside: Beside,
}

/// Asks for ever.
pub(crate) async fn watch(context: &Context) {
    let pods: Api<Pod> = Api::all(context.client.clone());
    let (store, writer) = reflector::store();
    let config = watcher::Config::default().labels(ENVIRONMENT_LABEL);
    let watched = watcher::watcher(pods, config)
        .default_backoff()
        .modify(trim)
        .reflect(writer);
    let kept = watched.for_each(|_| std::future::ready(()));
    futures::join!(kept, ask_for_ever(context, &store));
}

async fn ask_for_ever(context: &Context, store: &Store<Pod>) {
    let mut before = BTreeMap::new();
    loop {
        sleep(UNWATCHED).await;
        let now = words(store).await;
        for place in changed(&before, &now) {
            // Nobody listens while nothing is reconciled yet.
            let _ = context.wakes.send(place.clone());
        }
        before = now;
    }
}

async fn words(store: &Store<Pod>) -> BTreeMap<Place, Word> {
    let asked = environments(store)
        .into_iter()
        .map(|(place, pods)| async move { (place, word(&pods).await) });
    futures::stream::iter(asked)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

async fn word(pods: &[Pod]) -> Word {
    let answers = ask_all(pods).await;
    Word {
        fact: fact(pods, &answers),
        beside: foreign(pods, &answers),
    }
}

fn environments(store: &Store<Pod>) -> BTreeMap<Place, Vec<Pod>> {
    let mut environments: BTreeMap<Place, Vec<Pod>> = BTreeMap::new();
    for pod in store.state() {
        if let Some(name) = pod.labels().get(ENVIRONMENT_LABEL) {
            let place = (namespace(pod.as_ref()), name.clone());
            environments.entry(place).or_default().push(pod.as_ref().clone());
        }
    }
    environments
}

/// Environments of which something else is to be told than before. Of one that is new, whoever reconciled it has asked.
fn changed<'a>(before: &BTreeMap<Place, Word>, now: &'a BTreeMap<Place, Word>) -> Vec<&'a Place> {
    let differs = |(place, word): &(&Place, &Word)| match before.get(*place) {
        Some(earlier) => earlier != *word,
        None => matches!(word.beside, Beside::Others(_)),
    };
    now.iter().filter(differs).map(|(place, _)| place).collect()
}

/// What is needed to ask a pod's guard, and no more: all pods of all environments are kept.
fn trim(pod: &mut Pod) {
    let spec = pod.spec.take().unwrap_or_default();
    let status = pod.status.take().unwrap_or_default();
    let metadata = std::mem::take(&mut pod.metadata);
    pod.metadata = ObjectMeta {
        labels: metadata.labels.map(only_environment),
        name: metadata.name,
        namespace: metadata.namespace,
        uid: metadata.uid,
        resource_version: metadata.resource_version,
        deletion_timestamp: metadata.deletion_timestamp,
        ..ObjectMeta::default()
    };
    pod.spec = Some(PodSpec {
        containers: spec.containers.into_iter().map(trimmed).collect(),
        ..PodSpec::default()
    });
    pod.status = Some(PodStatus {
        conditions: status.conditions,
        container_statuses: status
            .container_statuses
            .map(|all| all.into_iter().map(trimmed_status).collect()),
        phase: status.phase,
        pod_ip: status.pod_ip,
        pod_ips: status.pod_ips,
        ..PodStatus::default()
    });
}

fn only_environment(mut labels: BTreeMap<String, String>) -> BTreeMap<String, String> {
    labels.retain(|name, _| name == ENVIRONMENT_LABEL);
    labels
}

fn trimmed(container: Container) -> Container {
    Container {
        name: container.name,
        command: container.command,
        ..Container::default()
    }
}

fn trimmed_status(container: ContainerStatus) -> ContainerStatus {
    ContainerStatus {
        name: container.name,
        ready: container.ready,
        state: container.state,
        last_state: container.last_state,
        ..ContainerStatus::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn word(beside: Beside) -> Word {
        Word { fact: None, beside }
    }

    fn others() -> Word {
        word(Beside::Others("sessions".to_owned()))
    }

    fn nobody() -> Word {
        word(Beside::Nobody)
    }

    #[rstest]
    #[case::new(None, nobody(), 0)]
    #[case::new_with_others(None, others(), 1)]
    #[case::same(Some(nobody()), nobody(), 0)]
    #[case::came(Some(nobody()), others(), 1)]
    #[case::went(Some(others()), nobody(), 1)]
    fn only_what_changes_wakes(#[case] before: Option<Word>, #[case] now: Word, #[case] woken: usize) {
        let place = || ("prod".to_owned(), "shop".to_owned());
        let before = before.map(|word| (place(), word)).into_iter().collect();
        assert_eq!(changed(&before, &[(place(), now)].into()).len(), woken);
    }

    #[test]
    fn what_a_guard_is_found_by_stays() {
        let container = json!({"name": "app", "command": ["/run/mendix/guard/mendix"], "image": "shop:1"});
        let running = json!({
            "name": "app", "image": "", "imageID": "", "ready": true, "restartCount": 3, "state": {"running": {}},
        });
        let mut pod: Pod = serde_json::from_value(json!({
            "metadata": {
                "name": "shop-0", "namespace": "prod", "annotations": {"any": "thing"},
                "labels": {"kubectl-mendix.io/environment": "shop", "app": "shop"},
            },
            "spec": {"containers": [container], "nodeName": "one"},
            "status": {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [running], "hostIP": "10.9.9.9"},
        }))
        .expect("a pod");
        trim(&mut pod);
        let trimmed = serde_json::to_value(&pod).expect("json");
        assert_eq!(
            trimmed["spec"],
            json!({"containers": [{"name": "app", "command": ["/run/mendix/guard/mendix"]}]})
        );
        assert_eq!(
            trimmed["metadata"]["labels"],
            json!({"kubectl-mendix.io/environment": "shop"})
        );
        assert_eq!(trimmed["status"]["podIP"], "10.0.0.1");
        assert_eq!(trimmed["status"]["hostIP"], json!(null));
        assert!(super::super::container(&pod).is_some());
    }
}
