//! Files in Azure Blob Storage, with the key of a storage account.
//!
//! Order of writes: container, Secret. A container that the plan's Secret names was there before, and is perhaps shared:
//! nothing is ever deleted from it.

mod admin;
mod container;

use super::files::FileError;
use super::files::explain::Step;
use super::files::trial::{FILE, Trial};
use super::files::{self, address};
use super::secret::Keys;
use super::task::StoreArguments;
use super::unique_name::unique_store_name;
use super::{ProvisionError, StoreKind, StoreTask};
use crate::settings::read_key;
use admin::Admin;
use clap::Args;
use container::Container;
use mendix_model::secret_store::{AZURE_SERVICE, storage};
use std::path::Path;

/// What the task is told.
#[derive(Args, Clone, Debug)]
pub struct AzureArguments {
    /// Never delete files, neither the app's nor when the environment goes.
    #[arg(long)]
    keep_files: bool,
    /// What every task of a store is told.
    #[command(flatten)]
    pub(super) store: StoreArguments,
}

/// See the module.
pub(super) struct Azure {
    keep_files: bool,
}

impl Azure {
    pub(super) const fn new(arguments: &AzureArguments) -> Self {
        Self {
            keep_files: arguments.keep_files,
        }
    }

    fn open(task: &StoreTask) -> Result<Container, ProvisionError> {
        files::check_purpose(task)?;
        let own = unique_store_name(task)?;
        Ok(Container::new(admin::read(&task.admin_folder)?, own)?)
    }

    async fn check(&self, container: &Container, content: &str) -> Result<(), FileError> {
        let step = |verb: &str| {
            Step::new(
                format!("{verb} a file in container {}, as the app will", container.name),
                container::DENIED,
            )
        };
        let trial = Trial {
            caller: container.caller()?,
            server: &container.server,
            file: address::below(&container.url(), FILE),
            headers: vec![("x-ms-blob-type", "BlockBlob".to_owned())],
            content,
            write: step("write"),
            read: step("read"),
            delete: (!self.keep_files).then(|| step("delete")),
        };
        trial.run().await
    }
}

impl StoreKind for Azure {
    /// Whether the container was not there before.
    type Made = bool;

    async fn make(&self, task: &StoreTask, made: &mut bool) -> Result<Keys, ProvisionError> {
        let container = Self::open(task)?;
        if !container.is_given() {
            *made = container.create().await?;
        }
        self.check(&container, &task.uid).await?;
        Ok(keys(&container, self.keep_files))
    }

    async fn roll_back(&self, task: &StoreTask, made: bool) -> Result<(), ProvisionError> {
        if made {
            Self::open(task)?.delete().await?;
        }
        Ok(())
    }

    async fn deprovision(&self, task: &StoreTask) -> Result<(), ProvisionError> {
        let container = Self::open(task)?;
        check_own(&task.instance_folder, &container)?;
        if self.keep_files || container.is_given() {
            tracing::info!("the files stay as they are");
            return Ok(());
        }
        Ok(container.delete().await?)
    }
}

fn keys(container: &Container, keep_files: bool) -> Keys {
    let Admin {
        account,
        key,
        endpoint,
        endpoint_is_given,
        ..
    } = &container.admin;
    let mut keys = vec![
        (storage::SERVICE_NAME, AZURE_SERVICE.to_owned()),
        (storage::AZURE_ACCOUNT_NAME, account.clone()),
        (storage::AZURE_ACCOUNT_KEY, key.clone()),
        (storage::AZURE_CONTAINER, container.name.clone()),
        (storage::PERFORM_DELETE, (!keep_files).to_string()),
    ];
    if *endpoint_is_given {
        keys.push((storage::AZURE_BLOB_ENDPOINT, address::written(endpoint)));
        keys.push((
            storage::AZURE_USE_HTTPS,
            (endpoint.scheme() == "https").to_string(),
        ));
    }
    keys.into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// Whether the Secret speaks of this container: one that was changed by hand, or a plan that was, must not lead us to files
/// of somebody else.
fn check_own(folder: &Path, container: &Container) -> Result<(), ProvisionError> {
    let expected = keys(container, false);
    for key in [
        storage::AZURE_CONTAINER,
        storage::AZURE_ACCOUNT_NAME,
        storage::AZURE_BLOB_ENDPOINT,
    ] {
        if read_key(folder, key)?.is_some_and(|found| expected.get(key) != Some(&found)) {
            return Err(FileError::NotOwn { key }.into());
        }
    }
    Ok(())
}
