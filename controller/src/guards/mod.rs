//! What the guards of pods say of their leases on the database, and what is told of it (docs/lease.md).

mod answer;
mod foreign;
mod lease;
mod watch;

pub(crate) use answer::ask_all;
pub use answer::{NoAnswer, ask};
pub(crate) use foreign::{Beside, foreign};
pub use lease::Answers;
pub(crate) use lease::{fact, look_again, synchronises, waits_for};
pub(crate) use watch::{Place, watch};

use crate::pod_state::phase;
use futures::future::BoxFuture;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use mendix_model::manifest::guarded_container;

/// How the guards of pods are asked: [`ask_all`], except where no pod runs.
pub(crate) type Asked = Box<dyn Fn(Vec<Pod>) -> BoxFuture<'static, Answers> + Send + Sync>;

/// The container that runs under the guard; nothing where there is none, or before the kubelet has seen it.
fn container(pod: &Pod) -> Option<&ContainerStatus> {
    let name = guarded_container(pod.spec.as_ref()?)?;
    let mut all = pod.status.as_ref()?.container_statuses.iter().flatten();
    all.find(|container| container.name == name)
}

/// Runs, and nothing in it holds a row.
fn is_unguarded(pod: &Pod) -> bool {
    phase(pod) == "Running"
        && pod
            .spec
            .as_ref()
            .is_some_and(|spec| guarded_container(spec).is_none())
}
