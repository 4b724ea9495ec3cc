//! Reads everything that the plan of a build needs.

use crate::configuration::{self, PodExtras};
use crate::context::Context;
use crate::error::Error;
use crate::metadata::namespace;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use mendix_model::crd::{Build, MendixApp, OperatorConfigurationSpec};

/// What is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    pub(crate) configuration: OperatorConfigurationSpec,
    pub(crate) pod: Option<Pod>,
    pub(crate) extras: PodExtras,
    pub(crate) image: String,
}

pub(crate) async fn observe(context: &Context, build: &Build) -> Result<Observed, Error> {
    let namespace = namespace(build);
    let configuration = configuration::read(context, &namespace).await?;
    let app = crate::read::optional::<MendixApp>(context, &namespace, &build.spec.environment).await?;
    Ok(Observed {
        pod: crate::read::optional(context, &namespace, &build.name_any()).await?,
        extras: configuration::pod_extras(&configuration, app.as_ref()),
        configuration,
        image: context.image.clone(),
    })
}
