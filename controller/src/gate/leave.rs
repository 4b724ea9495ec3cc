//! A namespace is no longer guarded, or nothing is: pods go on as they are, and nothing of ours stays on them.
//!
//! Pods that wait are let start first, by the usual rules, so switching off makes no two leaders of those that are
//! there. What is made afterwards is on its own.

use super::act::{self, patch};
use super::claim;
use super::observe::Observed;
use super::pod::{is_tracked, waits};
use crate::apply::Writer;
use crate::context::Context;
use crate::error::Error;
use crate::report::Report;
use jiff::Timestamp;
use mendix_model::crd::{Environment, EnvironmentStatus};

/// Nothing waits at the gate any more.
pub(super) fn may_leave(observed: &Observed) -> bool {
    observed.leaving && !observed.pods.iter().any(waits)
}

/// Pods, then the claim, then the environment: whatever a crash leaves, the next round finds by the environment.
pub(super) async fn leave(
    context: &Context,
    environment: &Environment,
    observed: &Observed,
    now: Timestamp,
) -> Result<Report<EnvironmentStatus>, Error> {
    for pod in observed.pods.iter().filter(|pod| is_tracked(*pod)) {
        patch(context, pod, act::without_finalizer()).await?;
    }
    claim::abandon(context, observed).await?;
    claim::give_up_all(context, observed).await?;
    let report = act::end(context, environment, observed, now).await?;
    Writer::new(context, now).delete(environment).await?;
    Ok(report)
}
