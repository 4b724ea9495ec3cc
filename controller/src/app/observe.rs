//! Reads everything that the plan of an app needs.

use crate::context::Context;
use crate::error::Error;
use crate::metadata::namespace;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::ResourceExt;
use kube::api::ObjectMeta;
use mendix_model::crd::storage::Purpose;
use mendix_model::crd::{Build, Endpoint, MendixApp, Runtime, StorageInstance};
use mendix_model::names;

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
}

pub(crate) async fn observe(context: &Context, app: &MendixApp) -> Result<Observed, Error> {
    let (namespace, name) = (namespace(app), app.name_any());
    let store = |purpose| names::storage_instance(&name, purpose);
    let account = crate::read::metadata::<ServiceAccount>(context, &namespace, &name).await?;
    Ok(Observed {
        database: crate::read::optional(context, &namespace, &store(Purpose::Database)).await?,
        file: crate::read::optional(context, &namespace, &store(Purpose::File)).await?,
        build: crate::read::optional(context, &namespace, &names::build(&name)).await?,
        endpoint: crate::read::optional(context, &namespace, &name).await?,
        runtime: crate::read::optional(context, &namespace, &name).await?,
        account: is_attached(account.as_ref()),
    })
}

/// An account of the app's name without the annotation is somebody else's.
pub(crate) fn is_attached(account: Option<&ObjectMeta>) -> bool {
    let annotations = account.and_then(|account| account.annotations.as_ref());
    annotations
        .and_then(|it| it.get(names::ENVIRONMENT_ACCOUNT_ANNOTATION))
        .is_some_and(|value| value == "true")
}
