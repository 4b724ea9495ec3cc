//! Which claim an environment needs. Pure.

use k8s_openapi::api::core::v1::Secret;
use mendix_model::crd::claim::Owner;
use mendix_model::database::{Identity, from_secret};
use std::collections::BTreeMap;

/// Name of the claim of the database that a Secret names, or the sentence that says why it cannot be told.
pub(crate) fn claim_of(secret: Option<&Secret>, owner: &Owner) -> Result<String, String> {
    let Some(secret) = secret else {
        // A database that the controller knows nothing of is guarded under the environment's own name.
        return Ok(Identity::Local.claim(owner));
    };
    let keys: BTreeMap<String, String> = secret
        .data
        .iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), String::from_utf8(value.0.clone()).ok()?)))
        .collect();
    from_secret(&keys, &owner.namespace)
        .map(|identity| identity.claim(owner))
        .map_err(|problem| problem.to_string())
}
