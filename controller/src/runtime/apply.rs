//! Writes what the plan of a runtime says.

use super::plan::{Plan, Writes};
use crate::apply::Writer;
use crate::context::Context;
use crate::error::Error;
use crate::metadata::{self, namespace};
use crate::report::Report;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::ObjectMeta;
use mendix_model::crd::{Runtime, RuntimeStatus};
use mendix_model::names;
use std::collections::BTreeMap;

pub(crate) async fn apply(
    context: &Context,
    runtime: &Runtime,
    plan: Plan,
    now: Timestamp,
) -> Result<Report<RuntimeStatus>, Error> {
    let Plan { writes, mut report } = plan;
    let Writes {
        admin_secret,
        copies,
        environment,
        budget,
        pull,
        pulled,
        deployments,
        delete_copies,
    } = writes;
    let mut writer = Writer::new(context, now);
    // Secrets before the Deployments that mount them: a pod that finds none waits for the kubelet's next try.
    if admin_secret {
        writer.create(&new_admin_secret(runtime, rand::random())).await?;
    }
    for copy in &copies {
        writer.apply(copy).await?;
    }
    // Before the Deployments, so that their first pods find it.
    if let Some(environment) = &environment {
        writer.apply(environment).await?;
    }
    if let Some(budget) = &budget {
        writer.apply(budget).await?;
    }
    for pod in &pull {
        writer.create(pod).await?;
    }
    for deployment in &deployments {
        writer.apply(deployment).await?;
    }
    for pod in &pulled {
        writer.delete(pod).await?;
    }
    for name in delete_copies {
        writer.delete_seen::<Secret>(&named(runtime, name)).await?;
    }
    report.requeue = report.requeue.or_else(|| writer.wait());
    Ok(report)
}

fn named(runtime: &Runtime, name: String) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: Some(namespace(runtime)),
        ..ObjectMeta::default()
    }
}

/// A password of 256 random bits.
fn new_admin_secret(runtime: &Runtime, random: [u8; 32]) -> Secret {
    let app = &runtime.spec.environment;
    let password = URL_SAFE_NO_PAD.encode(random);
    Secret {
        metadata: metadata::owned(runtime, app, names::admin_secret(app)),
        data: Some(BTreeMap::from([(
            names::ADMIN_PASSWORD_KEY.to_owned(),
            ByteString(password.into_bytes()),
        )])),
        ..Secret::default()
    }
}
