//! `StorageInstance`: one database or file store of one environment, made and taken down by task pods.

mod apply;
mod deprovision;
mod observe;
mod plan;
mod pod;

use crate::context::Context;
use crate::error::Error;
use crate::reconcile::Kind;
use crate::report::Report;
use jiff::Timestamp;
use mendix_model::crd::{StorageInstance, StorageInstanceStatus};

impl Kind for StorageInstance {
    async fn reconcile(
        &self,
        context: &Context,
        now: Timestamp,
    ) -> Result<Report<StorageInstanceStatus>, Error> {
        let observed = Box::pin(observe::observe(context, self)).await?;
        let plan = plan::plan(self, &observed);
        apply::apply(context, self, plan, now).await
    }
}
