//! The storage account that a plan works with, from its Secret.

use super::super::ProvisionError;
use super::super::files::{FileError, Setting, address, legal};
use crate::settings::{SettingsError, read_key};
use mendix_model::secret_store::storage;
use object_store::azure::{AzureAccessKey, AzureCredential};
use reqwest::Url;
use std::path::Path;

/// An account and its key.
pub(super) struct Admin {
    pub(super) account: String,
    pub(super) key: String,
    pub(super) endpoint: Url,
    /// Whether the Secret says where the account is.
    pub(super) endpoint_is_given: bool,
    /// A container that is to be used as it is.
    pub(super) container: Option<String>,
}

impl Admin {
    pub(super) fn credential(&self) -> Result<AzureCredential, FileError> {
        let key = AzureAccessKey::try_new(&self.key);
        key.map(AzureCredential::AccessKey)
            .map_err(|_| wrong(storage::AZURE_ACCOUNT_KEY, "it is not in base64"))
    }
}

/// Reads the keys, one file each.
pub(super) fn read(folder: &Path) -> Result<Admin, ProvisionError> {
    let account = needed(folder, storage::AZURE_ACCOUNT_NAME)?;
    let given = read_key(folder, storage::AZURE_BLOB_ENDPOINT)?;
    let admin = Admin {
        endpoint: endpoint(&account, given.as_deref())?,
        endpoint_is_given: given.is_some(),
        key: needed(folder, storage::AZURE_ACCOUNT_KEY)?,
        container: read_key(folder, storage::AZURE_CONTAINER)?,
        account,
    };
    check(&admin)?;
    Ok(admin)
}

fn needed(folder: &Path, key: &'static str) -> Result<String, SettingsError> {
    read_key(folder, key)?.ok_or(SettingsError::AdminKey(key))
}

/// Where an account is when nothing is said (Azure Storage documentation, "Storage account endpoints").
fn endpoint(account: &str, given: Option<&str>) -> Result<Url, FileError> {
    if let Some(given) = given {
        return address::parse(given, Setting::Key(storage::AZURE_BLOB_ENDPOINT));
    }
    // The name of the account becomes a part of the host.
    let legal = (3..=24).contains(&account.len())
        && account
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if legal {
        address::parse(
            &format!("https://{account}.blob.core.windows.net"),
            Setting::Key(storage::AZURE_ACCOUNT_NAME),
        )
    } else {
        Err(wrong(
            storage::AZURE_ACCOUNT_NAME,
            "it is not the name of an account, which has from 3 to 24 lower-case letters and digits",
        ))
    }
}

fn check(admin: &Admin) -> Result<(), FileError> {
    admin.credential()?;
    match admin.container.as_deref().and_then(legal::container_problem) {
        Some(problem) => Err(wrong(storage::AZURE_CONTAINER, &problem)),
        None => Ok(()),
    }
}

fn wrong(key: &'static str, problem: &str) -> FileError {
    FileError::Key {
        key: Setting::Key(key),
        problem: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_where_the_secret_says_or_where_accounts_are() {
        let text = |account, given| endpoint(account, given).map(|url| url.to_string()).ok();
        assert_eq!(
            text("shop", None).as_deref(),
            Some("https://shop.blob.core.windows.net/")
        );
        assert_eq!(
            text("Shop!", Some("http://h:1/shop")).as_deref(),
            Some("http://h:1/shop")
        );
        assert_eq!(text("shop.evil.example/", None), None);
        assert_eq!(text("shop", Some("h:1")), None);
    }
}
