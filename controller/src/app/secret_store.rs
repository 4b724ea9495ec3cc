//! The secret store of an app: an object of the app's name with an annotation, for those that allow it (Mendix
//! documentation, "Retrieve environment-sensitive data from a secret store"). Pure.

use super::observe::{Attachable, Observed};
use crate::metadata::namespace;
use kube::ResourceExt;
use mendix_model::crd::MendixApp;
use mendix_model::crd::runtime::{SecretStore, SecretStoreKind};
use mendix_model::names;
use mendix_model::secret_store::database;
use std::collections::BTreeMap;

/// Whether the app may have a secret store.
pub(crate) fn is_allowed(app: &MendixApp) -> bool {
    app.spec.allow_override_secrets_with_secret_store_csi_driver == Some(true)
}

/// The secret store of the app. Of two the class counts.
pub(crate) fn secret_store(app: &MendixApp, observed: &Observed) -> Option<SecretStore> {
    let attached = |object: Option<&Attachable>, annotation: &str| {
        let object = object.filter(|_| is_allowed(app))?;
        object
            .annotations
            .get(annotation)
            .is_some_and(|value| value == "true")
            .then(|| object.annotations.get(names::DATABASE_URL_ANNOTATION).cloned())
    };
    let class = attached(observed.class.as_ref(), names::ENVIRONMENT_CLASS_ANNOTATION);
    if let Some(database_jdbc_url) = class {
        return Some(SecretStore {
            kind: SecretStoreKind::SecretProviderClass,
            database_jdbc_url,
        });
    }
    attached(observed.secret.as_ref(), names::ENVIRONMENT_SECRET_ANNOTATION).map(|_| SecretStore {
        kind: SecretStoreKind::Secret,
        // The Secret itself says it.
        database_jdbc_url: None,
    })
}

/// What to do about a store without a plan.
pub(crate) fn remedy(app: &MendixApp) -> String {
    let (name, namespace) = (app.name_any(), namespace(app));
    let make = format!(
        "make Secret {name} in namespace {namespace} with annotation {}: \"true\"",
        names::ENVIRONMENT_SECRET_ANNOTATION
    );
    if is_allowed(app) {
        format!(
            "name a storage plan, or {make}, or SecretProviderClass {name} with {}: \"true\"",
            names::ENVIRONMENT_CLASS_ANNOTATION
        )
    } else {
        format!(
            "name a storage plan, or set spec.allowOverrideSecretsWithSecretStoreCSIDriver to true and {make}"
        )
    }
}

/// What comes from the secret store, and from which object; never a value.
pub(crate) fn settings(app: &MendixApp, observed: &Observed) -> Option<BTreeMap<String, String>> {
    let store = secret_store(app, observed)?;
    let source = format!("{} {}", store.kind.as_str(), app.name_any());
    let named = |keys: &[String]| keys.iter().map(|key| (key.clone(), source.clone())).collect();
    Some(match (store.kind, store.database_jdbc_url) {
        (SecretStoreKind::Secret, _) => {
            let secret = observed.secret.as_ref();
            named(secret.map(|secret| secret.keys.as_slice()).unwrap_or_default())
        }
        (SecretStoreKind::SecretProviderClass, Some(_)) => named(&[database::JDBC_URL.to_owned()]),
        (SecretStoreKind::SecretProviderClass, None) => {
            let unknown = format!(
                "{source}, which only pods can read: that no other environment uses the same database (I1) is not \
                 ensured; name the database in its annotation {}",
                names::DATABASE_URL_ANNOTATION
            );
            [("database".to_owned(), unknown)].into()
        }
    })
}

#[cfg(test)]
#[path = "secret_store_tests.rs"]
mod tests;
