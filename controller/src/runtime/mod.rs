//! `Runtime`: the running app: Deployments, their Secrets and their disruption budget.

mod apply;
mod budget;
mod copies;
mod deployment;
mod environment;
mod guarded;
mod input;
mod intent;
mod observe;
mod plan;
mod pod_template;
mod prepare;
mod probes;
mod pull;
mod secret_store;
mod status;
mod volumes;
mod ways;

use crate::context::Context;
use crate::error::Error;
use crate::metadata::namespace;
use crate::reconcile::Kind;
use crate::report::Report;
use jiff::Timestamp;
use mendix_model::crd::{Runtime, RuntimeStatus};

impl Kind for Runtime {
    async fn reconcile(&self, context: &Context, now: Timestamp) -> Result<Report<RuntimeStatus>, Error> {
        let observed = Box::pin(observe::observe(context, self)).await?;
        let intended = intent::intended(self, &observed);
        let plan = plan::plan(&intended, &observed, now);
        apply::apply(context, &intended, plan, now).await
    }

    fn reported(&self, context: &Context) {
        // Nobody listens while nothing is reconciled yet.
        let _ = context
            .told
            .send((namespace(self), self.spec.environment.clone()));
    }
}
