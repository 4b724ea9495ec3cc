//! The controller at work: every object of every kind reconciled once.

use crate::cluster;
use crate::server::Server;
use kube::core::PartialObjectMeta;
use kube::{Resource, ResourceExt};
use mendix_controller::Context;
use mendix_controller::testing::{Error, Kind, reconcile};
use mendix_model::crd::{Build, Endpoint, Environment, MendixApp, Runtime, StorageInstance};
use std::sync::Arc;

async fn reconcile_all<K: Kind>(server: &Server, context: &Arc<Context>) -> Result<(), Error>
where
    PartialObjectMeta<K>: Resource,
{
    let (version, plural) = (K::api_version(&()), K::plural(&()));
    for object in cluster::all(server, &format!("/apis/{version}/namespaces/prod/{plural}")) {
        let trigger: PartialObjectMeta<K> = serde_json::from_value(object).expect("metadata");
        assert!(!trigger.name_any().is_empty());
        match reconcile(Arc::new(trigger), context.clone()).await {
            Ok(_) | Err(Error::Leaving { .. } | Error::Invalid { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

pub(crate) async fn round(server: &Server, context: &Arc<Context>) -> Result<(), Error> {
    reconcile_all::<MendixApp>(server, context).await?;
    reconcile_all::<StorageInstance>(server, context).await?;
    reconcile_all::<Build>(server, context).await?;
    reconcile_all::<Endpoint>(server, context).await?;
    reconcile_all::<Runtime>(server, context).await?;
    reconcile_all::<Environment>(server, context).await?;
    Ok(())
}

pub(crate) fn context(server: &Server) -> Arc<Context> {
    Arc::new(Context::new(server.client(), "mendix:test", "test"))
}
