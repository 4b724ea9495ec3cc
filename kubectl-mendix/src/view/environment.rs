//! One environment of plain manifests: claim and pods.

use super::held::Waiting;
use super::sorted::Sorted;
use super::{ClaimView, Health, LeaseView, PodView, judged};
use crate::gather::{GatheredApps, GatheredEnvironment, Nodes, is_plain};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use mendix_model::conditions;
use mendix_model::crd::Environment;
use mendix_model::names;
use serde::Serialize;

/// Tells the JSON form of an environment from that of an app.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub enum Kind {
    /// It has no app.
    #[default]
    Environment,
}

/// What stands in every view of an environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentSummary {
    /// Always `Environment`.
    pub kind: Kind,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// Ready, Held, Starting, Stopping, Stopped, Failed, Stalled, Pending or Deleting.
    pub state: String,
    /// Why it is not ready, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Ready leaders and all there are, as `1/1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
    /// Ready pods of other roles and all there are, as `2/2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<String>,
    /// Number of pods that wait at the gate.
    pub held_count: usize,
    /// The claim of its database, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimView>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
}

/// One environment with its pods.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentView {
    /// The environment itself.
    #[serde(flatten)]
    pub summary: EnvironmentSummary,
    /// Whether its processes keep their rows in the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseView>,
    /// Each pod, leaders first.
    pub pods: Vec<PodView>,
    /// Pods that pull an image, to know what it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pulls: Vec<PodView>,
    /// What could not be read, and why.
    pub problems: Vec<String>,
}

impl EnvironmentView {
    /// The view of what was read.
    pub fn new(gathered: GatheredEnvironment) -> Self {
        let environment = &gathered.environment;
        let pods = gathered.pods.found();
        let waiting = Waiting::new(Some(environment), pods, &gathered.nodes);
        let sorted = pods.map(|pods| Sorted::new(pods, &[], &waiting));
        let summary = EnvironmentSummary::new(environment, sorted.as_ref().map(|it| it.runtime.as_slice()));
        let (pods, pulls) = match sorted {
            Some(Sorted { runtime, tasks }) => (runtime, tasks),
            None => (waiting.pods(), Vec::new()),
        };
        let status = environment.status.as_ref();
        Self {
            summary,
            lease: status.and_then(|status| LeaseView::new(&status.conditions)),
            pods,
            pulls,
            problems: gathered.problems,
        }
    }
}

impl EnvironmentSummary {
    /// The view of one environment; without pods when they could not be read.
    fn new(environment: &Environment, pods: Option<&[PodView]>) -> Self {
        let held = held(environment);
        let Judgement {
            health,
            word,
            message,
        } = judge(environment, held, pods);
        Self {
            kind: Kind::Environment,
            namespace: environment.namespace().unwrap_or_default(),
            name: environment.name_any(),
            health,
            state: word.to_owned(),
            message,
            leader: pods.and_then(|pods| ready(pods, |role| role == Some("leader"))),
            workers: pods.and_then(|pods| ready(pods, |role| role != Some("leader"))),
            held_count: held,
            claim: ClaimView::new(environment),
            created: environment
                .metadata
                .creation_timestamp
                .as_ref()
                .map(|time| time.0),
        }
    }
}

/// Environments that no app stands for, by namespace and name.
pub(super) fn summaries(gathered: &GatheredApps) -> Vec<EnvironmentSummary> {
    let of_app = |environment: &Environment| {
        let mut apps = gathered.apps.iter();
        // Before the controller has taken over an environment that a pod came first to, it has no owner.
        apps.any(|app| is_same(app, environment))
    };
    let plain = gathered.environments.iter();
    let plain = plain.filter(|environment| is_plain(environment) && !of_app(environment));
    let mut all: Vec<_> = plain
        .map(|environment| {
            let pods = gathered.pods.found().map(|pods| pods_of(environment, pods));
            EnvironmentSummary::new(environment, pods.as_deref())
        })
        .collect();
    all.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    all
}

fn is_same(one: &impl ResourceExt, other: &impl ResourceExt) -> bool {
    one.name_any() == other.name_any() && one.namespace() == other.namespace()
}

fn pods_of(environment: &Environment, pods: &[Pod]) -> Vec<PodView> {
    let waiting = Waiting::new(Some(environment), None, &Nodes::new());
    let own = pods.iter().filter(|pod| {
        pod.labels().get(names::ENVIRONMENT_LABEL) == Some(&environment.name_any())
            && pod.namespace() == environment.namespace()
    });
    Sorted::new(own, &[], &waiting).runtime
}

fn held(environment: &Environment) -> usize {
    let status = environment.status.as_ref();
    let held = status.and_then(|status| status.held.as_ref());
    held.map_or(0, Vec::len)
}

/// `1/2`: ready pods and all that are not over; nothing when there is none.
fn ready(pods: &[PodView], role: impl Fn(Option<&str>) -> bool) -> Option<String> {
    let pods = pods
        .iter()
        .filter(|pod| !pod.is_over() && role(pod.role.as_deref()));
    let all: Vec<_> = pods.collect();
    let ready = all.iter().filter(|pod| pod.health == Health::Ready).count();
    (!all.is_empty()).then(|| format!("{ready}/{}", all.len()))
}

/// How an environment is, and the word for it.
struct Judgement {
    health: Health,
    word: &'static str,
    message: Option<String>,
}

/// The gate's conditions first; they say nothing of pods that it let start.
fn judge(environment: &Environment, held: usize, pods: Option<&[PodView]>) -> Judgement {
    let status = environment.status.clone().unwrap_or_default();
    let generation = environment.metadata.generation;
    let (health, message) = judged(conditions::progress(&status.conditions, generation));
    let word = match health {
        _ if environment.metadata.deletion_timestamp.is_some() => {
            return Judgement {
                health: Health::Progressing,
                word: "Deleting",
                message,
            };
        }
        Health::Ready => return pods.map_or_else(|| Judgement::new(Health::Ready, "Ready"), of_pods),
        Health::Stalled => "Stalled",
        _ if held > 0 => "Held",
        _ => "Pending",
    };
    Judgement {
        health,
        word,
        message,
    }
}

/// What runs without waiting, or does not.
fn of_pods(pods: &[PodView]) -> Judgement {
    let alive = |pod: &&PodView| !pod.is_over();
    if let Some(pod) = pods.iter().find(|pod| alive(pod) && pod.health != Health::Ready) {
        return Judgement::new(Health::Progressing, "Starting").because(pod);
    }
    if pods.iter().any(|pod| alive(&pod)) {
        return Judgement::new(Health::Ready, "Ready");
    }
    if let Some(pod) = pods.iter().find(|pod| pod.failed) {
        return Judgement::new(Health::Stalled, "Failed").because(pod);
    }
    if pods.iter().any(|pod| pod.health != Health::Ready) {
        return Judgement::new(Health::Progressing, "Stopping");
    }
    Judgement::new(Health::Ready, "Stopped")
}

impl Judgement {
    const fn new(health: Health, word: &'static str) -> Self {
        Self {
            health,
            word,
            message: None,
        }
    }

    fn because(mut self, pod: &PodView) -> Self {
        let cause = pod.message.as_ref();
        let cause = cause.map(|cause| format!(", {cause}")).unwrap_or_default();
        self.message = Some(format!("pod {}: {}{cause}", pod.name, pod.state));
        self
    }
}

#[cfg(test)]
#[path = "environment_tests.rs"]
mod tests;
