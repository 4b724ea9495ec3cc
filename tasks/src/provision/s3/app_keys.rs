//! The keys that an app gets. Pure, but for reading those that it has.

use super::super::ProvisionError;
use super::super::files::{FileError, address};
use super::super::secret::Keys;
use super::place::Place;
use super::{Deletion, Login};
use crate::settings::read_key;
use mendix_model::secret_store::{S3_SERVICE, storage};
use std::path::Path;

pub(super) fn keys(place: &Place, login: &Login, deletion: Deletion) -> Keys {
    [
        (storage::SERVICE_NAME, S3_SERVICE),
        (storage::ENDPOINT, &address::written(&place.endpoint)),
        (storage::ACCESS_KEY_ID, &login.access_key),
        (storage::SECRET_ACCESS_KEY, &login.secret_key),
        (storage::BUCKET_NAME, &place.name),
        (
            storage::PERFORM_DELETE,
            if deletion == Deletion::Never {
                "false"
            } else {
                "true"
            },
        ),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

/// Whether the Secret speaks of this place: one that was changed by hand, or a plan that was, must not lead us to files of
/// somebody else.
pub(super) fn check_own(folder: &Path, place: &Place) -> Result<(), ProvisionError> {
    let expected = [
        (storage::BUCKET_NAME, place.name.clone()),
        (storage::ENDPOINT, address::written(&place.endpoint)),
    ];
    for (key, expected) in expected {
        if read_key(folder, key)?.is_some_and(|found| found != expected) {
            return Err(FileError::NotOwn { key }.into());
        }
    }
    Ok(())
}
