//! Writes what the plan of a store says.

use super::plan::Plan;
use crate::apply::Writer;
use crate::context::Context;
use crate::error::Error;
use crate::report::Report;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use mendix_model::crd::{StorageInstance, StorageInstanceStatus};
use mendix_model::names;

pub(crate) async fn apply(
    context: &Context,
    instance: &StorageInstance,
    plan: Plan,
    now: Timestamp,
) -> Result<Report<StorageInstanceStatus>, Error> {
    let Plan {
        add_finalizer,
        create,
        delete_secret,
        delete_pods,
        remove_finalizer,
        report,
    } = plan;
    let writer = Writer::new(context, now);
    if add_finalizer {
        let mut all = instance.finalizers().to_vec();
        all.push(names::STORAGE_FINALIZER.to_owned());
        writer.set_finalizers(instance, &all).await?;
    }
    if let Some(pod) = &create {
        writer.create(pod).await?;
    }
    if let Some(secret) = &delete_secret {
        writer.delete_seen::<Secret>(secret).await?;
    }
    for pod in &delete_pods {
        writer.delete(pod).await?;
    }
    if remove_finalizer {
        let rest = instance
            .finalizers()
            .iter()
            .filter(|it| *it != names::STORAGE_FINALIZER);
        writer
            .set_finalizers(instance, &rest.cloned().collect::<Vec<_>>())
            .await?;
    }
    Ok(report)
}
