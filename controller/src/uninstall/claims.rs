//! Claims whose environment is gone.

use crate::error::Error;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, Client, ResourceExt};
use mendix_model::crd::DatabaseClaim;

/// Deletes all claims. What they say will be wrong by the time of another installation: nobody keeps to it till then.
pub(super) async fn sweep(client: &Client) -> Result<(), Error> {
    let api: Api<DatabaseClaim> = Api::all(client.clone());
    let found = api.list(&ListParams::default()).await;
    for claim in found.map_err(Error::read("DatabaseClaims".to_owned()))?.items {
        let name = claim.name_any();
        // A claim with pods is not deleted, and a finalizer would keep the definition.
        let mut empty = claim;
        empty.spec.opened.clear();
        empty.metadata.finalizers = None;
        let freed = api.replace(&name, &PostParams::default(), &empty).await;
        let deleted = match freed {
            Ok(_) => api.delete(&name, &DeleteParams::default()).await.map(drop),
            Err(error) => Err(error),
        };
        match deleted {
            Ok(()) => {}
            Err(kube::Error::Api(answer)) if answer.is_not_found() => {}
            Err(error) => return Err(Error::write(format!("DatabaseClaim {name}"))(error)),
        }
    }
    Ok(())
}
