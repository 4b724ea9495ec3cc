//! What adds the gate to pods, and refuses pods without it, is no longer in force.

use crate::error::Error;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingAdmissionPolicyBinding, MutatingWebhookConfiguration, ValidatingAdmissionPolicyBinding,
    ValidatingWebhookConfiguration,
};
use kube::api::DeleteParams;
use kube::core::ClusterResourceScope;
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Which namespaces a binding is for; the chart names bindings after their policy with this at the end.
const BINDINGS: [&str; 2] = ["managed", "guarded"];

/// Deletes the bindings of the policies of this name, and the configurations of the webhook; the chart deletes the
/// policies.
pub(super) async fn remove(client: &Client, policy: &str, webhook: &str) -> Result<(), Error> {
    delete::<MutatingWebhookConfiguration>(client, webhook).await?;
    delete::<ValidatingWebhookConfiguration>(client, webhook).await?;
    for binding in BINDINGS {
        let name = format!("{policy}-{binding}");
        delete::<MutatingAdmissionPolicyBinding>(client, &name).await?;
        delete::<ValidatingAdmissionPolicyBinding>(client, &name).await?;
    }
    Ok(())
}

/// Gone already, or a kind that this cluster does not have: both are answered with 404.
async fn delete<K>(client: &Client, name: &str) -> Result<(), Error>
where
    K: Resource<DynamicType = (), Scope = ClusterResourceScope> + Clone + DeserializeOwned + Debug,
{
    let api: Api<K> = Api::all(client.clone());
    match api.delete(name, &DeleteParams::default()).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(()),
        Err(error) => Err(Error::write(crate::metadata::what::<K>(name))(error)),
    }
}
