//! Reads everything that the plan of a store needs.

use crate::configuration::{self, PodExtras};
use crate::context::Context;
use crate::error::Error;
use crate::metadata::{is_leaving, namespace};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::ResourceExt;
use kube::api::ObjectMeta;
use mendix_model::crd::{MendixApp, StorageInstance, StoragePlan};
use mendix_model::names;

/// What is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    pub(crate) plan: Option<StoragePlan>,
    /// All instances of the namespace, for plans that serve one.
    pub(crate) instances: Vec<StorageInstance>,
    pub(crate) pod: Option<Pod>,
    /// Metadata of the instance's Secret; its content is not ours to know.
    pub(crate) secret: Option<ObjectMeta>,
    pub(crate) deprovision_pod: Option<Pod>,
    /// Pods of the app that may still use the store; read while it is being deleted.
    pub(crate) runtime_pods: Vec<Pod>,
    /// Deployments that may still make such pods.
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) extras: PodExtras,
    pub(crate) image: String,
}

pub(crate) async fn observe(context: &Context, instance: &StorageInstance) -> Result<Observed, Error> {
    let namespace = namespace(instance);
    let name = instance.name_any();
    let environment = &instance.spec.environment;
    let plan = crate::read::optional(context, &namespace, &instance.spec.plan_name).await?;
    // The pod before the Secret: a pod makes its Secret before it ends, so a Secret that is missing after the pod
    // was seen to have ended is really missing.
    let pod = crate::read::optional(context, &namespace, &name).await?;
    let secret = crate::read::metadata::<Secret>(context, &namespace, &name).await?;
    let app = crate::read::optional::<MendixApp>(context, &namespace, environment).await?;
    let configuration = configuration::read(context, &namespace).await?;
    let mut observed = Observed {
        plan,
        pod,
        secret,
        extras: configuration::pod_extras(&configuration, app.as_ref()),
        image: context.image.clone(),
        instances: crate::read::list(context, &namespace, "").await?,
        ..Observed::default()
    };
    if is_leaving(instance) {
        observe_deletion(context, instance, &mut observed).await?;
    }
    Ok(observed)
}

async fn observe_deletion(
    context: &Context,
    instance: &StorageInstance,
    observed: &mut Observed,
) -> Result<(), Error> {
    let namespace = namespace(instance);
    let selector = names::selector_text(&names::selector(&instance.spec.environment, None));
    let pod = names::deprovision_pod(&instance.name_any());
    observed.deprovision_pod = crate::read::optional(context, &namespace, &pod).await?;
    // Deployments before pods: a Deployment that is seen to be gone makes no pod after the pods were counted.
    observed.deployments = crate::read::list(context, &namespace, &selector).await?;
    observed.runtime_pods = crate::read::list(context, &namespace, &selector).await?;
    Ok(())
}
