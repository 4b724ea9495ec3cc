//! Pods by what they are.

use super::PodView;
use super::held::Waiting;
use super::pod::label;
use crate::gather::Part;
use k8s_openapi::api::core::v1::Pod;
use mendix_model::crd::Runtime;
use mendix_model::crd::runtime::RuntimePod;
use mendix_model::names::{self, Component};

/// Pods by what they are.
pub(super) struct Sorted {
    /// Runtime pods, leaders first.
    pub runtime: Vec<PodView>,
    /// Task pods.
    pub tasks: Vec<PodView>,
}

impl Sorted {
    /// Views of all pods of an app. Without the right to list pods, what the controller says of them.
    pub(super) fn of_app(pods: &Part<Vec<Pod>>, runtime: &Part<Runtime>, waiting: &Waiting<'_>) -> Self {
        let told = runtime
            .found()
            .and_then(|runtime| runtime.status.as_ref()?.pods.clone())
            .unwrap_or_default();
        match pods.found() {
            Some(pods) => Self::new(pods, &told, waiting),
            None => Self {
                runtime: told
                    .into_iter()
                    .map(|pod| waiting.explain_told(PodView::told(pod)))
                    .collect(),
                tasks: Vec::new(),
            },
        }
    }

    /// Views of pods. `told`: what the controller says of them.
    pub(super) fn new<'a>(
        pods: impl IntoIterator<Item = &'a Pod>,
        told: &[RuntimePod],
        waiting: &Waiting<'_>,
    ) -> Self {
        let view = |pod| waiting.explain(PodView::new(pod, message_for(told, pod)));
        let (tasks, mut runtime): (Vec<_>, Vec<_>) = pods
            .into_iter()
            .map(|pod| (Component::is_task(label(pod, names::COMPONENT_LABEL)), view(pod)))
            .partition(|(task, _)| *task);
        runtime.sort_by(|(_, one), (_, other)| (&one.role, &one.name).cmp(&(&other.role, &other.name)));
        let views = |pods: Vec<(bool, PodView)>| pods.into_iter().map(|(_, view)| view).collect();
        Self {
            runtime: views(runtime),
            tasks: views(tasks),
        }
    }
}

fn message_for(told: &[RuntimePod], pod: &Pod) -> Option<String> {
    told.iter()
        .find(|told| Some(&told.name) == pod.metadata.name.as_ref())
        .and_then(|told| told.message.clone())
}
