//! Makes stores and their Secrets, and takes stores down.
//!
//! What a killed run leaves is never in the way: names come from the uid of the storage instance, so the next run
//! finds its own and goes on. The Secret is created last and never changed; once it is there, a run does nothing.

mod api;
mod azure;
mod ephemeral;
mod error;
mod files;
mod jdbc;
mod minio;
mod postgres;
mod s3;
mod secret;
mod task;
mod unique_name;

pub use azure::AzureArguments;
pub use error::{ApiError, PostgresError, ProvisionError};
pub use files::{FileError, Setting};
pub use jdbc::{JdbcArguments, JdbcError};
pub use minio::MinioArguments;
pub use postgres::PostgresArguments;
pub use s3::S3Arguments;
pub use task::{StoreArguments, StoreTask};

pub(crate) use api::client_of_pod;
use api::{Creation, Secrets};
use clap::Subcommand;
use secret::Keys;

/// Kinds of stores, one file or folder each.
#[derive(Clone, Debug, Subcommand)]
pub enum Store {
    /// A database and a role of its own on a PostgreSQL server.
    Postgres(PostgresArguments),
    /// A database that is there already: its address and credentials are checked and handed on.
    Jdbc(JdbcArguments),
    /// Files in buckets, by the S3 protocol.
    S3(S3Arguments),
    /// Files on a MinIO server: a bucket, an account and a policy for each environment.
    Minio(MinioArguments),
    /// Files in Azure Blob Storage, a container for each environment.
    Azure(AzureArguments),
    /// A database in the leader's memory, or files in the container.
    Ephemeral(StoreArguments),
}

impl Store {
    /// What the task is told.
    pub const fn arguments(&self) -> &StoreArguments {
        match self {
            Self::Ephemeral(arguments) => arguments,
            Self::Postgres(arguments) => &arguments.store,
            Self::Jdbc(arguments) => &arguments.store,
            Self::S3(arguments) => &arguments.store,
            Self::Minio(arguments) => &arguments.store,
            Self::Azure(arguments) => &arguments.store,
        }
    }

    /// Makes the store and its Secret.
    ///
    /// # Errors
    /// A sentence for people; what this run had made is gone again, or named.
    pub async fn provision(&self, task: &StoreTask, client: kube::Client) -> Result<(), ProvisionError> {
        match self {
            Self::Postgres(arguments) => provision(&postgres::Postgres::new(arguments), task, client).await,
            Self::Jdbc(arguments) => provision(&jdbc::Jdbc::new(arguments), task, client).await,
            Self::S3(arguments) => provision(&s3::S3::<s3::Iam>::new(arguments.shape()), task, client).await,
            Self::Minio(arguments) => {
                provision(&s3::S3::<minio::Minio>::new(arguments.shape()), task, client).await
            }
            Self::Azure(arguments) => provision(&azure::Azure::new(arguments), task, client).await,
            Self::Ephemeral(_) => provision(&ephemeral::Ephemeral, task, client).await,
        }
    }

    /// Takes the store down. A store that is gone already is no failure.
    ///
    /// # Errors
    /// A sentence for people.
    pub async fn deprovision(&self, task: &StoreTask) -> Result<(), ProvisionError> {
        match self {
            Self::Postgres(arguments) => postgres::Postgres::new(arguments).deprovision(task).await,
            Self::Jdbc(arguments) => jdbc::Jdbc::new(arguments).deprovision(task).await,
            Self::S3(arguments) => s3::S3::<s3::Iam>::new(arguments.shape()).deprovision(task).await,
            Self::Minio(arguments) => {
                s3::S3::<minio::Minio>::new(arguments.shape())
                    .deprovision(task)
                    .await
            }
            Self::Azure(arguments) => azure::Azure::new(arguments).deprovision(task).await,
            Self::Ephemeral(_) => ephemeral::Ephemeral.deprovision(task).await,
        }
    }
}

/// What each kind of store does.
trait StoreKind {
    /// What one run made: only that is taken back when the run fails.
    type Made: Default;

    /// Makes the store, noting in `made` what did not exist before; answers the keys of the Secret.
    async fn make(&self, task: &StoreTask, made: &mut Self::Made) -> Result<Keys, ProvisionError>;

    /// Takes back what a failed run made.
    async fn roll_back(&self, task: &StoreTask, made: Self::Made) -> Result<(), ProvisionError>;

    /// Takes the store down.
    async fn deprovision(&self, task: &StoreTask) -> Result<(), ProvisionError>;
}

async fn provision<K: StoreKind>(
    kind: &K,
    task: &StoreTask,
    client: kube::Client,
) -> Result<(), ProvisionError> {
    let secrets = Secrets::new(client, &task.namespace);
    // Asked before anything is touched: an earlier run that got as far as the Secret has done everything, and a new
    // password would lock the app out.
    if secrets.rehearse(&secret::build(task, Keys::new())).await? == Creation::AlreadyThere {
        tracing::info!(
            secret = task.secret_name,
            "the Secret exists already: nothing to do"
        );
        return Ok(());
    }
    let mut made = K::Made::default();
    match make_with_secret(kind, task, &secrets, &mut made).await {
        Err(error) if error.may_roll_back() => Err(after_roll_back(error, kind.roll_back(task, made).await)),
        result => result,
    }
}

async fn make_with_secret<K: StoreKind>(
    kind: &K,
    task: &StoreTask,
    secrets: &Secrets,
    made: &mut K::Made,
) -> Result<(), ProvisionError> {
    let keys = kind.make(task, made).await?;
    Ok(secrets.create(&secret::build(task, keys)).await?)
}

fn after_roll_back(error: ProvisionError, roll_back: Result<(), ProvisionError>) -> ProvisionError {
    match roll_back {
        Ok(()) => error,
        Err(remains) => ProvisionError::Remains {
            cause: Box::new(error),
            remains: Box::new(remains),
        },
    }
}
