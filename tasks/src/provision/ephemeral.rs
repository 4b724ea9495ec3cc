//! Stores that live and die with a container: nothing is made but the Secret that says so.

use super::secret::Keys;
use super::{ProvisionError, StoreKind, StoreTask};
use mendix_model::crd::storage::Purpose;
use mendix_model::secret_store::{IN_MEMORY_DATABASE, database, storage};

/// See the module.
pub(super) struct Ephemeral;

impl StoreKind for Ephemeral {
    type Made = ();

    async fn make(&self, task: &StoreTask, _made: &mut ()) -> Result<Keys, ProvisionError> {
        Ok(keys(task))
    }

    async fn roll_back(&self, _task: &StoreTask, _made: ()) -> Result<(), ProvisionError> {
        Ok(())
    }

    async fn deprovision(&self, _task: &StoreTask) -> Result<(), ProvisionError> {
        Ok(())
    }
}

fn keys(task: &StoreTask) -> Keys {
    let keys: &[(&str, &str)] = match task.purpose {
        Purpose::Database => &[
            (database::TYPE, IN_MEMORY_DATABASE),
            (database::NAME, &task.environment),
        ],
        // No service name: the runtime then keeps files in its own folder.
        Purpose::File => &[(storage::PERFORM_DELETE, "true")],
    };
    keys.iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}
