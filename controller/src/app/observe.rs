//! Reads everything that the plan of an app needs.

use super::secret_store::is_allowed;
use crate::context::Context;
use crate::error::Error;
use crate::metadata::namespace;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ObjectMeta};
use kube::core::Status;
use kube::{Api, ResourceExt};
use mendix_model::crd::storage::Purpose;
use mendix_model::crd::{Build, Endpoint, MendixApp, Runtime, StorageInstance};
use mendix_model::names;
use std::collections::BTreeMap;

/// What is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    pub(crate) database: Option<StorageInstance>,
    pub(crate) file: Option<StorageInstance>,
    pub(crate) build: Option<Build>,
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) runtime: Option<Runtime>,
    /// Whether the environment has an account of its own.
    pub(crate) account: bool,
    /// Secret and `SecretProviderClass` of the app's name; read only for apps that may have a secret store.
    pub(crate) secret: Option<Attachable>,
    pub(crate) class: Option<Attachable>,
}

/// An object that is a secret store with the right annotation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attachable {
    pub(crate) annotations: BTreeMap<String, String>,
    /// Keys of a Secret, without their values.
    pub(crate) keys: Vec<String>,
}

pub(crate) async fn observe(context: &Context, app: &MendixApp) -> Result<Observed, Error> {
    let (namespace, name) = (namespace(app), app.name_any());
    let store = |purpose| names::storage_instance(&name, purpose);
    let (secret, class) = if is_allowed(app) {
        (
            secret(context, &namespace, &name).await?,
            class(context, &namespace, &name).await?,
        )
    } else {
        (None, None)
    };
    let account = crate::read::metadata::<ServiceAccount>(context, &namespace, &name).await?;
    Ok(Observed {
        database: crate::read::optional(context, &namespace, &store(Purpose::Database)).await?,
        file: crate::read::optional(context, &namespace, &store(Purpose::File)).await?,
        build: crate::read::optional(context, &namespace, &names::build(&name)).await?,
        endpoint: crate::read::optional(context, &namespace, &name).await?,
        runtime: crate::read::optional(context, &namespace, &name).await?,
        account: is_attached(account.as_ref()),
        secret,
        class,
    })
}

async fn secret(context: &Context, namespace: &str, name: &str) -> Result<Option<Attachable>, Error> {
    let found = crate::read::optional::<Secret>(context, namespace, name).await?;
    Ok(found.map(|secret| Attachable {
        annotations: secret.metadata.annotations.unwrap_or_default(),
        keys: secret.data.unwrap_or_default().into_keys().collect(),
    }))
}

/// Nothing also where the cluster does not know such classes.
async fn class(context: &Context, namespace: &str, name: &str) -> Result<Option<Attachable>, Error> {
    let kind = GroupVersionKind::gvk("secrets-store.csi.x-k8s.io", "v1", "SecretProviderClass");
    let resource = ApiResource::from_gvk_with_plural(&kind, "secretproviderclasses");
    let classes: Api<DynamicObject> = Api::namespaced_with(context.client.clone(), namespace, &resource);
    let found = match classes.get_metadata_opt(name).await {
        Err(kube::Error::Api(answer)) if is_unknown_kind(&answer) => None,
        found => found.map_err(Error::read(format!("SecretProviderClass {name}")))?,
    };
    Ok(found.map(|class| Attachable {
        annotations: class.metadata.annotations.unwrap_or_default(),
        keys: Vec::new(),
    }))
}

/// The API server answers for a group that it does not have with a line of text and no reason.
fn is_unknown_kind(answer: &Status) -> bool {
    answer.code == 404
}

/// An account of the app's name without the annotation is somebody else's.
pub(crate) fn is_attached(account: Option<&ObjectMeta>) -> bool {
    let annotations = account.and_then(|account| account.annotations.as_ref());
    annotations
        .and_then(|it| it.get(names::ENVIRONMENT_ACCOUNT_ANNOTATION))
        .is_some_and(|value| value == "true")
}
