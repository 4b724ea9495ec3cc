//! Names of database and role. Pure.

use super::super::unique_name::unique_name;
use super::super::{ProvisionError, StoreTask};

/// What belongs to one storage instance, on whatever server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Names {
    pub(super) database: String,
    pub(super) role: String,
}

impl Names {
    /// One name for both.
    pub(super) fn of(task: &StoreTask) -> Result<Self, ProvisionError> {
        let name = unique_name(task)?;
        Ok(Self {
            database: name.clone(),
            role: name,
        })
    }
}
