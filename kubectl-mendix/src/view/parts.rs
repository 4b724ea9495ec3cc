//! What an app is made of: stores, image, address, running form.

use super::{Health, LeaseView, PodView, judged};
use crate::gather::Part;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Resource;
use mendix_model::conditions;
use mendix_model::crd::storage::TaskPhase;
use mendix_model::crd::{Build, Endpoint, Runtime, StorageInstance};
use serde::Serialize;

/// One part of an app.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartView<T> {
    /// Name of its object.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// The controller's word.
    pub state: String,
    /// Why it is not ready, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What only this part has.
    #[serde(flatten)]
    pub details: T,
}

/// A database or file store.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageView {
    /// Plan it is made by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Secret with its credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Task pod, while the part is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_pod: Option<PodView>,
}

/// An image.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildView {
    /// Model of the last success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Version of the model, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
    /// Version of the Mendix Runtime.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_version: Option<String>,
    /// Image of the last success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Task pod, while the part is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_pod: Option<PodView>,
}

/// An address.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointView {
    /// Address with its scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The running app.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeView {
    /// Ready and wanted leaders, as `1/1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
    /// Ready and wanted workers, as `2/2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<String>,
    /// Whether its processes keep their rows in the database; absent while none runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseView>,
    /// Each pod, leaders first.
    pub pods: Vec<PodView>,
}

/// A store.
pub fn storage(name: String, part: &Part<StorageInstance>, pods: &[PodView]) -> PartView<StorageView> {
    let details = |instance: &StorageInstance| {
        let status = instance.status.clone().unwrap_or_default();
        let task_pod = task_pod(pods, status.task_pod.as_deref());
        let details = StorageView {
            plan: Some(instance.spec.plan_name.clone()),
            secret: status.secret_name,
            task_pod,
        };
        (status.phase.map(word), status.conditions, details)
    };
    let mut view = view(name, part, details);
    if view.health == Health::Ready {
        view.details.task_pod = None;
    }
    view
}

/// An image.
pub fn build(name: String, part: &Part<Build>, pods: &[PodView]) -> PartView<BuildView> {
    let details = |build: &Build| {
        let status = build.status.clone().unwrap_or_default();
        let task_pod = task_pod(pods, status.task_pod.as_deref());
        let details = BuildView {
            model: status.model,
            model_version: status.model_version,
            runtime_version: status.runtime_version,
            image: status.image,
            task_pod,
        };
        (status.phase.map(word), status.conditions, details)
    };
    let mut view = view(name, part, details);
    if view.health == Health::Ready {
        view.details.task_pod = None;
    }
    view
}

/// An address.
pub fn endpoint(name: String, part: &Part<Endpoint>) -> PartView<EndpointView> {
    view(name, part, |endpoint| {
        let status = endpoint.status.clone().unwrap_or_default();
        (None, status.conditions, EndpointView { url: status.app_url })
    })
}

/// The running app.
pub fn runtime(name: String, part: &Part<Runtime>, pods: Vec<PodView>) -> PartView<RuntimeView> {
    let mut view = view(name, part, |runtime| {
        let status = runtime.status.clone().unwrap_or_default();
        let details = RuntimeView {
            leader: status.leader,
            workers: status.workers,
            lease: LeaseView::new(&status.conditions),
            pods: Vec::new(),
        };
        (status.state, status.conditions, details)
    });
    // Pods may be there without their owner: while it is being deleted, or when it may not be read.
    view.details.pods = pods;
    view
}

fn view<K: Resource, T: Default>(
    name: String,
    part: &Part<K>,
    details: impl Fn(&K) -> (Option<String>, Vec<Condition>, T),
) -> PartView<T> {
    let Part::Found(object) = part else {
        let health = if matches!(part, Part::Absent) {
            Health::Absent
        } else {
            Health::Unknown
        };
        return PartView {
            name,
            health,
            state: health.as_str().to_owned(),
            ..PartView::default()
        };
    };
    let (state, conditions, details) = details(object);
    let (health, message) = judged(conditions::progress(&conditions, object.meta().generation));
    PartView {
        name,
        health,
        state: state.unwrap_or_else(|| health.as_str().to_owned()),
        message,
        details,
    }
}

fn task_pod(pods: &[PodView], name: Option<&str>) -> Option<PodView> {
    pods.iter().find(|pod| Some(pod.name.as_str()) == name).cloned()
}

fn word(phase: TaskPhase) -> String {
    match phase {
        TaskPhase::Pending => "Pending",
        TaskPhase::Running => "Running",
        TaskPhase::Ready => "Ready",
        TaskPhase::Failed => "Failed",
        TaskPhase::Deprovisioning => "Deprovisioning",
    }
    .to_owned()
}
