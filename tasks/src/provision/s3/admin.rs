//! The account that a plan works with, from its Secret.

use super::super::ProvisionError;
use super::super::files::{Setting, address};
use crate::settings::{SettingsError, read_key};
use mendix_model::secret_store::storage;
use object_store::aws::AwsCredential;
use reqwest::Url;
use std::path::Path;

/// An account. Shows no secret when printed.
#[derive(Clone)]
pub(in crate::provision) struct Login {
    pub(in crate::provision) access_key: String,
    pub(in crate::provision) secret_key: String,
}

impl Login {
    pub(in crate::provision) fn credential(&self) -> AwsCredential {
        AwsCredential {
            key_id: self.access_key.clone(),
            secret_key: self.secret_key.clone(),
            token: None,
        }
    }
}

/// Where the store is, and as whom it is used.
pub(in crate::provision) struct Admin {
    pub(in crate::provision) endpoint: Url,
    pub(in crate::provision) login: Login,
    /// A bucket or folder that is to be used as it is.
    pub(in crate::provision) given: Option<String>,
}

/// Reads the keys, one file each.
pub(super) fn read(folder: &Path) -> Result<Admin, ProvisionError> {
    Ok(Admin {
        endpoint: address::parse(
            &needed(folder, storage::ENDPOINT)?,
            Setting::Key(storage::ENDPOINT),
        )?,
        login: Login {
            access_key: needed(folder, storage::ACCESS_KEY_ID)?,
            secret_key: needed(folder, storage::SECRET_ACCESS_KEY)?,
        },
        given: read_key(folder, storage::BUCKET_NAME)?,
    })
}

fn needed(folder: &Path, key: &'static str) -> Result<String, SettingsError> {
    read_key(folder, key)?.ok_or(SettingsError::AdminKey(key))
}
