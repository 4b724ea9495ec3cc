//! Writes what the plan of an endpoint says.

use super::plan::Plan;
use crate::apply::Writer;
use crate::context::Context;
use crate::error::Error;
use crate::report::Report;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use mendix_model::crd::EndpointStatus;

pub(crate) async fn apply(
    context: &Context,
    plan: Plan,
    now: Timestamp,
) -> Result<Report<EndpointStatus>, Error> {
    let mut report = plan.report.clone();
    let mut writer = Writer::new(context, now);
    make(&mut writer, &plan).await?;
    // Last: until what is new stands, the old one leads to the app.
    remove(&writer, &plan).await?;
    let wait = writer.wait();
    report.requeue = match (report.requeue, wait) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    Ok(report)
}

/// Service and certificate before what names them: controllers complain about what is missing.
async fn make(writer: &mut Writer<'_>, plan: &Plan) -> Result<(), Error> {
    if let Some(service) = &plan.service {
        writer.apply(service).await?;
    }
    if let Some(secret) = &plan.tls_secret {
        writer.apply(secret).await?;
    }
    if let Some(ingress) = &plan.fronts.ingress {
        writer.apply(ingress).await?;
    }
    if let Some(route) = &plan.fronts.route {
        writer.apply(route).await?;
    }
    if let Some(http_route) = &plan.fronts.http_route {
        writer.apply(http_route).await?;
    }
    Ok(())
}

async fn remove(writer: &Writer<'_>, plan: &Plan) -> Result<(), Error> {
    if let Some(ingress) = &plan.left_over.ingress {
        writer.delete(ingress).await?;
    }
    if let Some(route) = &plan.left_over.route {
        writer.delete(route).await?;
    }
    if let Some(http_route) = &plan.left_over.http_route {
        writer.delete(http_route).await?;
    }
    if let Some(secret) = &plan.left_over_secret {
        writer.delete_seen::<Secret>(secret).await?;
    }
    Ok(())
}
