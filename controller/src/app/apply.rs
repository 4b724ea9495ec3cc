//! Writes what the plan of an app says.

use super::plan::{Children, Plan};
use crate::apply::Writer;
use crate::context::Context;
use crate::error::Error;
use crate::report::Report;
use jiff::Timestamp;
use mendix_model::crd::MendixAppStatus;

pub(crate) async fn apply(
    context: &Context,
    plan: Plan,
    now: Timestamp,
) -> Result<Report<MendixAppStatus>, Error> {
    let Plan {
        children,
        scaled,
        mut report,
    } = plan;
    let mut writer = Writer::new(context, now);
    if let Some(runtime) = &scaled {
        writer.apply(runtime).await?;
    }
    let Some(children) = children else {
        report.requeue = report.requeue.or_else(|| writer.wait());
        return Ok(report);
    };
    let Children {
        database,
        file,
        build,
        endpoint,
        runtime,
    } = children;
    for store in [&database, &file].into_iter().flatten() {
        writer.apply(store).await?;
    }
    writer.apply(&build).await?;
    writer.apply(&endpoint).await?;
    if let Some(runtime) = &runtime {
        writer.apply(runtime).await?;
    }
    report.requeue = report.requeue.or_else(|| writer.wait());
    Ok(report)
}
