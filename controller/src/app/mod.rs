//! `MendixApp`: stores, build and endpoint side by side, then the runtime.

mod apply;
mod children;
mod observe;
mod plan;
mod runtime;
mod secret_store;
mod status;

pub(crate) use observe::is_attached;

use crate::context::Context;
use crate::error::Error;
use crate::reconcile::Kind;
use crate::report::Report;
use jiff::Timestamp;
use mendix_model::crd::{MendixApp, MendixAppStatus};

impl Kind for MendixApp {
    async fn reconcile(&self, context: &Context, now: Timestamp) -> Result<Report<MendixAppStatus>, Error> {
        let observed = observe::observe(context, self).await?;
        let plan = plan::plan(self, &observed);
        // On the heap: five objects are too much for a stack of futures.
        Box::pin(apply::apply(context, plan, now)).await
    }
}
