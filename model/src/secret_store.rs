//! The documented key names of database and file credentials, and what they become for the runtime.
//!
//! Source of the keys: Mendix documentation, "Retrieve environment-sensitive data from a secret store". Source of
//! the settings: Mendix documentation, "Runtime customisation".

mod environment;
mod region;

pub use environment::{EnvironmentKeys, environment_keys};
pub use region::s3_region;

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Keys of a database's Secret.
pub mod database {
    /// What each of them begins with.
    pub const PREFIX: &str = "database-";
    /// `PostgreSQL`, `SQLSERVER`, `HSQLDB`, …: the runtime's own word.
    pub const TYPE: &str = "database-type";
    /// Full JDBC address, instead of host and name.
    pub const JDBC_URL: &str = "database-jdbc-url";
    /// `host:port`.
    pub const HOST: &str = "database-host";
    /// Name of the database.
    pub const NAME: &str = "database-name";
    /// Login role.
    pub const USER_NAME: &str = "database-username";
    /// Password of the role.
    pub const PASSWORD: &str = "database-password";
}

/// Keys of a file store's Secret.
pub mod storage {
    /// What each of them begins with.
    pub const PREFIX: &str = "storage-";
    /// `com.mendix.storage.s3` or `com.mendix.storage.azure`; absent for files in the container.
    pub const SERVICE_NAME: &str = "storage-service-name";
    /// Address of the store.
    pub const ENDPOINT: &str = "storage-endpoint";
    /// Access key.
    pub const ACCESS_KEY_ID: &str = "storage-access-key-id";
    /// Secret key.
    pub const SECRET_ACCESS_KEY: &str = "storage-secret-access-key";
    /// Bucket, or bucket and prefix.
    pub const BUCKET_NAME: &str = "storage-bucket-name";
    /// Name of an Azure account.
    pub const AZURE_ACCOUNT_NAME: &str = "storage-azure-account-name";
    /// Container of an Azure account.
    pub const AZURE_CONTAINER: &str = "storage-azure-container";
    /// Address of an Azure account, where it is not the usual one.
    pub const AZURE_BLOB_ENDPOINT: &str = "storage-azure-blob-endpoint";
    /// Whether Azure is spoken to over TLS.
    pub const AZURE_USE_HTTPS: &str = "storage-azure-use-https";
    /// Key of an Azure account.
    pub const AZURE_ACCOUNT_KEY: &str = "storage-azure-account-key";
    /// Whether files are deleted from the store.
    pub const PERFORM_DELETE: &str = "storage-perform-delete";
}

/// The value of key `storage-service-name` for stores that speak S3.
pub const S3_SERVICE: &str = "com.mendix.storage.s3";
/// The value of key `storage-service-name` for Azure Blob Storage.
pub const AZURE_SERVICE: &str = "com.mendix.storage.azure";

/// The value of key `database-type` for a database in the memory of the leader.
pub const IN_MEMORY_DATABASE: &str = "HSQLDB";

const DATABASE_SETTINGS: &[(&str, &str)] = &[
    (database::TYPE, "DatabaseType"),
    (database::JDBC_URL, "DatabaseJdbcUrl"),
    (database::HOST, "DatabaseHost"),
    (database::NAME, "DatabaseName"),
    (database::USER_NAME, "DatabaseUserName"),
    (database::PASSWORD, "DatabasePassword"),
];

const S3_REGION: &str = "com.mendix.storage.s3.Region";

const STORAGE_SETTINGS: &[(&str, &str)] = &[
    (storage::SERVICE_NAME, "com.mendix.core.StorageService"),
    (storage::ENDPOINT, "com.mendix.storage.s3.EndPoint"),
    (storage::ACCESS_KEY_ID, "com.mendix.storage.s3.AccessKeyId"),
    (
        storage::SECRET_ACCESS_KEY,
        "com.mendix.storage.s3.SecretAccessKey",
    ),
    (storage::BUCKET_NAME, "com.mendix.storage.s3.BucketName"),
    (
        storage::AZURE_ACCOUNT_NAME,
        "com.mendix.storage.azure.AccountName",
    ),
    (storage::AZURE_ACCOUNT_KEY, "com.mendix.storage.azure.AccountKey"),
    (storage::AZURE_CONTAINER, "com.mendix.storage.azure.Container"),
    (
        storage::AZURE_BLOB_ENDPOINT,
        "com.mendix.storage.azure.BlobEndpoint",
    ),
    (
        "storage-azure-use-default-azure-credential",
        "com.mendix.storage.azure.UseDefaultAzureCredential",
    ),
    (storage::AZURE_USE_HTTPS, "com.mendix.storage.azure.UseHttps"),
    (
        "storage-use-ca-certificates",
        "com.mendix.storage.s3.UseCACertificates",
    ),
    (
        storage::PERFORM_DELETE,
        "com.mendix.storage.PerformDeleteFromStorage",
    ),
];

/// Runtime settings for the keys of a database's Secret. Keys that are not documented are left out.
pub fn database_settings(keys: &BTreeMap<String, String>) -> Map<String, Value> {
    settings(DATABASE_SETTINGS, keys)
}

/// Keys of a database's Secret for the settings that name a database.
pub fn database_keys(settings: &Map<String, Value>) -> BTreeMap<String, String> {
    let given = |(key, setting): &(&str, &str)| {
        Some(((*key).to_owned(), settings.get(*setting)?.as_str()?.to_owned()))
    };
    DATABASE_SETTINGS.iter().filter_map(given).collect()
}

/// Runtime settings for the keys of a file store's Secret. Keys that are not documented are left out.
pub fn storage_settings(keys: &BTreeMap<String, String>) -> Map<String, Value> {
    settings(STORAGE_SETTINGS, keys)
}

/// Runtime settings that follow from the keys of a file store's Secret where nobody has set them: the region of S3.
pub fn storage_defaults(keys: &BTreeMap<String, String>) -> Map<String, Value> {
    let endpoint = keys.get(storage::ENDPOINT);
    let endpoint = endpoint.filter(|_| keys.get(storage::SERVICE_NAME).is_some_and(|it| it == S3_SERVICE));
    let region = endpoint.map(|endpoint| s3_region(host(endpoint)));
    region
        .map(|region| (S3_REGION.to_owned(), Value::from(region)))
        .into_iter()
        .collect()
}

/// Host of an address, without its port.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', ':']).next().unwrap_or_default()
}

fn settings(table: &[(&str, &str)], keys: &BTreeMap<String, String>) -> Map<String, Value> {
    table
        .iter()
        .filter_map(|(key, setting)| Some(((*setting).to_owned(), Value::from(keys.get(*key)?.as_str()))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_keys_become_settings_and_others_do_not() {
        let keys = [
            (database::HOST, "db:5432"),
            (database::PASSWORD, "x"),
            ("note", "y"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
        let settings = database_settings(&keys.into());
        assert_eq!(settings["DatabaseHost"], "db:5432");
        assert_eq!(database_keys(&settings)[database::HOST], "db:5432");
        assert_eq!(settings.len(), 2);
    }

    #[test]
    fn the_region_of_s3_is_told_and_of_nothing_else() {
        let keys = |service: &str| {
            [
                (storage::SERVICE_NAME, service),
                (
                    storage::ENDPOINT,
                    "https://files.s3.eu-west-1.amazonaws.com:443/x",
                ),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
        };
        assert_eq!(storage_defaults(&keys(S3_SERVICE))[S3_REGION], "eu-west-1");
        assert!(storage_defaults(&keys(AZURE_SERVICE)).is_empty());
    }
}
