//! The frame around every kind: read the object, reconcile it, report, decide when to look again.

use crate::context::Context;
use crate::error::Error;
use crate::read::Namespaced;
use crate::report::{self, Conditioned, Report};
use jiff::Timestamp;
use kube::ResourceExt;
use kube::core::object::HasStatus;
use kube::core::{DeserializeGuard, PartialObjectMeta};
use kube::runtime::controller::Action;
use mendix_model::conditions::{self, Progress};
use std::{future::Future, sync::Arc, time::Duration};

/// Even where nothing is seen to change: Secrets are not watched, so a lost one is noticed this way.
const RESYNC: Duration = Duration::from_mins(5);

/// A kind that is reconciled.
pub trait Kind: Namespaced + HasStatus<Status: Conditioned> {
    /// Observe, check, plan and apply.
    fn reconcile(
        &self,
        context: &Context,
        now: Timestamp,
    ) -> impl Future<Output = Result<Report<Self::Status>, Error>> + Send;

    /// Its status is another one by now.
    fn reported(&self, _context: &Context) {}
}

/// One reconcile. The trigger is metadata only; the object is read anew, since a decision on an outdated status
/// could repeat work that was done.
pub async fn reconcile<K: Kind>(
    trigger: Arc<PartialObjectMeta<K>>,
    context: Arc<Context>,
) -> Result<Action, Error> {
    reconcile_at(trigger, context, Timestamp::now()).await
}

/// The same by another clock.
pub async fn reconcile_at<K: Kind>(
    trigger: Arc<PartialObjectMeta<K>>,
    context: Arc<Context>,
    now: Timestamp,
) -> Result<Action, Error> {
    let (namespace, name) = (trigger.namespace().unwrap_or_default(), trigger.name_any());
    let action = match crate::read::guarded::<K>(&context, &namespace, &name).await? {
        None => Action::await_change(),
        Some(DeserializeGuard(Err(source))) => {
            let problem = format!("{} does not have the form of a {}: {source}", name, K::kind(&()));
            report::report_invalid::<K>(&context, &source.metadata, &problem, now).await?;
            return Err(Error::Invalid {
                kind: K::kind(&()).into_owned(),
                name,
                source: Box::new(source),
            });
        }
        Some(DeserializeGuard(Ok(object))) => Box::pin(one(&object, &context, now)).await?,
    };
    context.back_off.succeeded(&key::<K>(&namespace, &name));
    Ok(action)
}

async fn one<K: Kind>(object: &K, context: &Context, now: Timestamp) -> Result<Action, Error> {
    match object.reconcile(context, now).await {
        Ok(report) => {
            let requeue = report.requeue;
            if report::report(context, object, report, now).await? {
                object.reported(context);
            }
            Ok(Action::requeue(requeue.map_or(RESYNC, |wait| wait.min(RESYNC))))
        }
        Err(error) => {
            // The rest of the status stays: what was achieved is not undone by a failure.
            let status = object.status().cloned().unwrap_or_default();
            let report = Report {
                facts: conditions::facts(status.conditions()),
                status,
                progress: Progress::working(error.category(), format!("{error}; trying again")),
                requeue: None,
            };
            report::report(context, object, report, now).await?;
            Err(error)
        }
    }
}

/// What follows a failure: back-off per object, or waiting for an edit.
#[expect(clippy::needless_pass_by_value, reason = "the signature that kube asks for")]
pub(crate) fn error_policy<K: Kind>(
    trigger: Arc<PartialObjectMeta<K>>,
    error: &Error,
    context: Arc<Context>,
) -> Action {
    let (namespace, name) = (trigger.namespace().unwrap_or_default(), trigger.name_any());
    tracing::warn!(kind = %K::kind(&()), namespace, name, category = error.category(), "Failed to reconcile: {error}");
    if error.is_final() {
        return Action::await_change();
    }
    Action::requeue(context.back_off.failed(&key::<K>(&namespace, &name)))
}

fn key<K: Kind>(namespace: &str, name: &str) -> String {
    format!("{} {namespace}/{name}", K::kind(&()))
}
