//! Writes what the plan of an endpoint says.

use super::plan::Plan;
use crate::apply::Writer;
use crate::context::Context;
use crate::error::Error;
use crate::report::Report;
use jiff::Timestamp;
use mendix_model::crd::EndpointStatus;

pub(crate) async fn apply(
    context: &Context,
    plan: Plan,
    now: Timestamp,
) -> Result<Report<EndpointStatus>, Error> {
    let Plan {
        service,
        tls_secret,
        ingress,
        delete_ingress,
        mut report,
    } = plan;
    let mut writer = Writer::new(context, now);
    // Service and certificate before the Ingress that names them: controllers complain about what is missing.
    if let Some(service) = &service {
        writer.apply(service).await?;
    }
    if let Some(secret) = &tls_secret {
        writer.apply(secret).await?;
    }
    if let Some(ingress) = &ingress {
        writer.apply(ingress).await?;
    }
    if let Some(ingress) = &delete_ingress {
        writer.delete(ingress).await?;
    }
    report.requeue = report.requeue.or_else(|| writer.wait());
    Ok(report)
}
