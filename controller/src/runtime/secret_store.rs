//! The secret store of an app, as far as its pods and their gate need it. Pure.

use super::observe::Observed;
use crate::gate::Source;
use crate::task_pod::variable;
use k8s_openapi::api::core::v1::{CSIVolumeSource, EnvVar, Secret, Volume};
use mendix_model::crd::runtime::SecretStoreKind;
use mendix_model::crd::{Runtime, RuntimeSpec};
use mendix_model::runtime_configuration::variable as guard;
use mendix_model::secret_store::{database, storage};
use std::collections::BTreeMap;

/// Volume of the secret store.
pub(crate) const VOLUME: &str = "secret-store";
/// Driver that mounts what a `SecretProviderClass` names.
const DRIVER: &str = "secrets-store.csi.k8s.io";

/// Name of the Secret that is the secret store.
pub(crate) fn secret_name(spec: &RuntimeSpec) -> Option<&str> {
    let store = spec.secret_store.as_ref()?;
    (store.kind == SecretStoreKind::Secret).then_some(spec.environment.as_str())
}

/// Name of the Secret that says which database it is.
pub(crate) fn database_secret_name(spec: &RuntimeSpec) -> Option<&str> {
    spec.database_secret_name.as_deref().or_else(|| secret_name(spec))
}

/// Address of the database, where no Secret says it.
pub(crate) fn database_url(spec: &RuntimeSpec) -> Option<&str> {
    let store = spec.secret_store.as_ref()?;
    let url = store.database_jdbc_url.as_deref();
    url.filter(|_| database_secret_name(spec).is_none())
}

/// What says which database it is.
pub(crate) fn source<'a>(spec: &'a RuntimeSpec, secret: Option<&'a Secret>) -> Source<'a> {
    Source::of(secret, database_url(spec))
}

/// Why the keys of the Secret cannot be used. What a `SecretProviderClass` mounts is for the guard to judge.
pub(crate) fn problems(spec: &RuntimeSpec, observed: &Observed) -> Vec<String> {
    let (Some(name), Some(secret)) = (secret_name(spec), &observed.secret_store) else {
        return Vec::new();
    };
    let empty = BTreeMap::new();
    let keys = secret.data.as_ref().unwrap_or(&empty);
    let names = |prefix: &str| keys.keys().any(|key| key.starts_with(prefix));
    let twice = |what: &str, prefix: &str, field: &str| {
        format!(
            "the {what} is named twice, by a storage plan and by the keys {prefix}* of Secret {name}: take \
             spec.{field}.servicePlan out of the MendixApp, or the keys out of the Secret"
        )
    };
    let mut problems = Vec::new();
    if spec.database_secret_name.is_some() && names(database::PREFIX) {
        problems.push(twice("database", database::PREFIX, "database"));
    }
    if spec.file_secret_name.is_some() && names(storage::PREFIX) {
        problems.push(twice("file store", storage::PREFIX, "storage"));
    }
    if spec.file_secret_name.is_none() && !keys.contains_key(storage::SERVICE_NAME) {
        problems.push(format!(
            "Secret {name} has no key {}, and no storage plan is named, so that files would be lost with their pod: add \
             the key, or name a storage plan in spec.storage.servicePlan",
            storage::SERVICE_NAME
        ));
    }
    problems
}

/// The volume of a `SecretProviderClass`; that of a Secret is its copy's.
pub(crate) fn class_volume(spec: &RuntimeSpec) -> Option<Volume> {
    let store = spec.secret_store.as_ref()?;
    let class = ("secretProviderClass".to_owned(), spec.environment.clone());
    (store.kind == SecretStoreKind::SecretProviderClass).then(|| Volume {
        name: VOLUME.to_owned(),
        csi: Some(CSIVolumeSource {
            driver: DRIVER.to_owned(),
            read_only: Some(true),
            volume_attributes: Some(BTreeMap::from([class])),
            ..CSIVolumeSource::default()
        }),
        ..Volume::default()
    })
}

/// What the guard checks the mounted files against: the database that the gate has judged. Literals, so that they stay
/// what they were when the gate opened.
pub(crate) fn variables(runtime: &Runtime, observed: &Observed) -> Vec<EnvVar> {
    match (&observed.claim, database_url(&runtime.spec)) {
        (Some(claim), Some(_)) => vec![
            variable(guard::DATABASE_CLAIM, claim.as_str()),
            variable(guard::NAMESPACE, crate::metadata::namespace(runtime)),
        ],
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[path = "secret_store_tests.rs"]
mod tests;
