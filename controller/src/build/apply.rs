//! Writes what the plan of a build says.

use super::plan::Plan;
use crate::apply::Writer;
use crate::context::Context;
use crate::error::Error;
use crate::report::Report;
use jiff::Timestamp;
use mendix_model::crd::BuildStatus;

pub(crate) async fn apply(
    context: &Context,
    plan: Plan,
    now: Timestamp,
) -> Result<Report<BuildStatus>, Error> {
    let Plan {
        delete,
        create,
        report,
    } = plan;
    let writer = Writer::new(context, now);
    if let Some(pod) = &delete {
        writer.delete(pod).await?;
    }
    if let Some(pod) = &create {
        writer.create(pod).await?;
    }
    Ok(report)
}
