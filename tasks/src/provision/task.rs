//! What a provisioner or deprovisioner pod is told.

use crate::settings::{SettingsError, required};
use clap::Args;
use mendix_model::crd::storage::Purpose;
use mendix_model::task::{ADMIN_FOLDER, INSTANCE_FOLDER, variable};
use std::path::PathBuf;

/// What a task pod of a store is told; each flag has its variable.
#[derive(Args, Clone, Debug)]
pub struct StoreArguments {
    /// Namespace of the environment.
    #[arg(long, env = variable::NAMESPACE)]
    namespace: Option<String>,
    /// Name of the environment.
    #[arg(long, env = variable::ENVIRONMENT)]
    environment: Option<String>,
    /// `database` or `file`.
    #[arg(long, env = variable::PURPOSE)]
    purpose: Option<String>,
    /// Storage instance.
    #[arg(long, env = variable::STORAGE_INSTANCE)]
    storage_instance: Option<String>,
    /// Uid of the storage instance.
    #[arg(long, env = variable::STORAGE_INSTANCE_UID)]
    storage_instance_uid: Option<String>,
    /// Secret to make.
    #[arg(long, env = variable::SECRET_NAME)]
    secret_name: Option<String>,
    /// Folder with the administrator's credentials.
    #[arg(long, default_value = ADMIN_FOLDER, hide = true)]
    admin_folder: PathBuf,
    /// Folder with the instance's Secret.
    #[arg(long, default_value = INSTANCE_FOLDER, hide = true)]
    instance_folder: PathBuf,
}

/// One store that is made or taken down.
#[derive(Clone, Debug)]
pub struct StoreTask {
    /// Namespace of the environment.
    pub namespace: String,
    /// Name of the environment.
    pub environment: String,
    /// What the store is for.
    pub purpose: Purpose,
    /// Name of the storage instance.
    pub instance: String,
    /// Its uid.
    pub uid: String,
    /// Secret that is made.
    pub secret_name: String,
    /// Folder with the administrator's credentials, one file a key.
    pub admin_folder: PathBuf,
    /// Folder with the instance's Secret, one file a key; may be absent.
    pub instance_folder: PathBuf,
}

impl StoreArguments {
    /// The task, complete.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn task(&self) -> Result<StoreTask, SettingsError> {
        let text = |value: &Option<String>, name| required(value.as_deref(), name).map(str::to_owned);
        Ok(StoreTask {
            namespace: text(&self.namespace, variable::NAMESPACE)?,
            environment: text(&self.environment, variable::ENVIRONMENT)?,
            purpose: purpose(required(self.purpose.as_deref(), variable::PURPOSE)?)?,
            instance: text(&self.storage_instance, variable::STORAGE_INSTANCE)?,
            uid: text(&self.storage_instance_uid, variable::STORAGE_INSTANCE_UID)?,
            secret_name: text(&self.secret_name, variable::SECRET_NAME)?,
            admin_folder: self.admin_folder.clone(),
            instance_folder: self.instance_folder.clone(),
        })
    }
}

fn purpose(word: &str) -> Result<Purpose, SettingsError> {
    [Purpose::Database, Purpose::File]
        .into_iter()
        .find(|purpose| purpose.as_str() == word)
        .ok_or_else(|| SettingsError::Purpose(word.to_owned()))
}
