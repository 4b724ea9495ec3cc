//! A database that is there already and serves one environment (Mendix documentation, "Storage plans": dedicated JDBC).
//!
//! The plan's Secret holds the documented keys ([`mendix_model::secret_store::database`]); they are read, checked and
//! handed on. Nothing is made besides the Secret, and nothing is taken down: the database is its owner's.

mod connect;
mod declared;
mod error;

pub use error::JdbcError;

use super::secret::Keys;
use super::task::StoreArguments;
use super::{ProvisionError, StoreKind, StoreTask};
use clap::Args;
use mendix_model::crd::storage::Purpose;

/// What the task is told.
#[derive(Args, Clone, Debug)]
pub struct JdbcArguments {
    /// Hand address and credentials on without connecting to the database.
    #[arg(long)]
    no_connect: bool,
    /// What every task of a store is told.
    #[command(flatten)]
    pub(super) store: StoreArguments,
}

/// See the module.
pub(super) struct Jdbc {
    connects: bool,
}

impl Jdbc {
    pub(super) const fn new(arguments: &JdbcArguments) -> Self {
        Self {
            connects: !arguments.no_connect,
        }
    }
}

impl StoreKind for Jdbc {
    type Made = ();

    async fn make(&self, task: &StoreTask, _made: &mut ()) -> Result<Keys, ProvisionError> {
        if task.purpose != Purpose::Database {
            return Err(JdbcError::Purpose.into());
        }
        let declared = declared::declared(declared::read(&task.admin_folder)?, &task.namespace)?;
        if self.connects {
            connect::check(&declared).await?;
        } else {
            tracing::info!("--no-connect: address and credentials are handed on as they are");
        }
        Ok(declared.keys)
    }

    async fn roll_back(&self, _task: &StoreTask, _made: ()) -> Result<(), ProvisionError> {
        Ok(())
    }

    async fn deprovision(&self, _task: &StoreTask) -> Result<(), ProvisionError> {
        tracing::info!("the database of a dedicated plan stays as it is");
        Ok(())
    }
}
