//! What stores of files have in common, whatever protocol they speak.

pub(super) mod address;
pub(super) mod clear;
mod error;
pub(super) mod explain;
pub(super) mod legal;
pub(super) mod trial;

pub use error::{FileError, Setting};

use super::{ProvisionError, StoreTask};
use mendix_model::crd::storage::Purpose;

/// Databases come from elsewhere.
pub(super) fn check_purpose(task: &StoreTask) -> Result<(), ProvisionError> {
    if task.purpose == Purpose::File {
        Ok(())
    } else {
        Err(FileError::Purpose.into())
    }
}
