//! `Build`: the image of one package, made by a task pod.

mod apply;
mod input;
mod observe;
mod plan;
mod pod;

use crate::context::Context;
use crate::error::Error;
use crate::reconcile::Kind;
use crate::report::Report;
use jiff::Timestamp;
use mendix_model::crd::{Build, BuildStatus};

impl Kind for Build {
    async fn reconcile(&self, context: &Context, now: Timestamp) -> Result<Report<BuildStatus>, Error> {
        let observed = observe::observe(context, self).await?;
        let plan = plan::plan(self, &observed, now);
        apply::apply(context, plan, now).await
    }
}
