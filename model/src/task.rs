//! The contract between controller and task pods. `docs/provisioners.md` tells it to authors of provisioners.
//!
//! A task pod is told what to do by variables and mounted files, and answers through its exit code, the Secret it
//! makes, and its termination message: on success of a build a [`BuildResult`] as JSON, on failure the cause in
//! one sentence, which goes into the status as it is and must therefore hold no secret.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Variables of every task pod.
pub mod variable {
    /// `provision`, `deprovision` or `build`.
    pub const ACTION: &str = "MENDIX_ACTION";
    /// Namespace of the environment.
    pub const NAMESPACE: &str = "MENDIX_NAMESPACE";
    /// Name of the environment.
    pub const ENVIRONMENT: &str = "MENDIX_ENVIRONMENT";
    /// `database` or `file`.
    pub const PURPOSE: &str = "MENDIX_PURPOSE";
    /// Storage instance the work is for.
    pub const STORAGE_INSTANCE: &str = "MENDIX_STORAGE_INSTANCE";
    /// Its uid: unique in time and space, so what is named after it is nobody else's.
    pub const STORAGE_INSTANCE_UID: &str = "MENDIX_STORAGE_INSTANCE_UID";
    /// Name of the Secret that a provisioner makes.
    pub const SECRET_NAME: &str = "MENDIX_SECRET_NAME";
    /// Package or image that is built.
    pub const SOURCE_URL: &str = "MENDIX_SOURCE_URL";
    /// Base image; `{{.MxRuntimeVersion}}` and `{{.JavaVersion}}` are filled in from the package.
    pub const BASE_IMAGE: &str = "MENDIX_BASE_IMAGE";
    /// Repository and tag that is pushed to.
    pub const PUSH_IMAGE: &str = "MENDIX_PUSH_IMAGE";
    /// Repository that nodes pull from.
    pub const PULL_REPOSITORY: &str = "MENDIX_PULL_REPOSITORY";
    /// Image of the build before, by digest: what has not changed since then is not sent again.
    pub const PREVIOUS_IMAGE: &str = "MENDIX_PREVIOUS_IMAGE";
    /// `true`: plain HTTP towards the registry.
    pub const REGISTRY_INSECURE: &str = "MENDIX_REGISTRY_INSECURE";
}

/// Folder with the keys of the plan's administrator Secret, one file a key.
pub const ADMIN_FOLDER: &str = "/run/mendix/admin";
/// Folder with the keys of the instance's Secret, one file a key; only while deprovisioning.
pub const INSTANCE_FOLDER: &str = "/run/mendix/instance";
/// Folder with `config.json` in the docker form, for registries that want credentials.
pub const REGISTRY_FOLDER: &str = "/run/mendix/registry";
/// Where the answer goes: Kubernetes' default, at most 4096 bytes.
pub const TERMINATION_MESSAGE: &str = "/dev/termination-log";

/// Placeholder in a plan's arguments that becomes [`Action::as_str`].
pub const ACTION_PLACEHOLDER: &str = "Action";

/// What a task pod does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// Make a store and its Secret.
    Provision,
    /// Take a store down.
    Deprovision,
    /// Make an image.
    Build,
}

impl Action {
    /// Value of [`variable::ACTION`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provision => "provision",
            Self::Deprovision => "deprovision",
            Self::Build => "build",
        }
    }
}

/// What a build answers.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildResult {
    /// Image by digest, as nodes pull it: `registry/repository@sha256:…`.
    pub image: String,
    /// Model: label of the image, else taken from its digest.
    pub model: String,
    /// Entry point and arguments of the image.
    pub command: Vec<String>,
    /// Runtime version out of the package.
    pub runtime_version: Option<String>,
    /// Model version out of the package.
    pub model_version: Option<String>,
}

/// Labels of the Secret that a provisioner makes; a policy of the chart refuses others.
pub fn secret_labels(environment: &str, instance: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        (crate::names::ENVIRONMENT_LABEL.to_owned(), environment.to_owned()),
        (
            crate::names::STORAGE_INSTANCE_LABEL.to_owned(),
            instance.to_owned(),
        ),
    ])
}
