//! `Endpoint`: Service, what leads to it from outside, and address of an app.

mod apply;
mod field;
mod fronts;
mod http_route;
mod ingress;
mod kinds;
mod observe;
mod plan;
mod route;
mod section;
mod service;
mod tls;
mod url;
mod verdict;
mod wanted;

#[cfg(test)]
pub(crate) use kinds::Route;

use crate::context::Context;
use crate::error::Error;
use crate::reconcile::Kind;
use crate::report::Report;
use jiff::Timestamp;
use mendix_model::crd::{Endpoint, EndpointStatus};

impl Kind for Endpoint {
    async fn reconcile(&self, context: &Context, now: Timestamp) -> Result<Report<EndpointStatus>, Error> {
        let observed = observe::observe(context, self).await?;
        let plan = plan::plan(self, &observed);
        apply::apply(context, plan, now).await
    }
}
