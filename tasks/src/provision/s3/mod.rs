//! Files in buckets, by the S3 protocol: Amazon S3, Google Cloud Storage, Ceph and others.
//!
//! Order of writes: bucket, account, Secret. What is made is named after the uid of the storage instance, so a run that
//! was killed leaves what the next one finds and takes over. What is not named so is never deleted from: it was there
//! before, and is perhaps somebody else's.

mod accounts;
mod admin;
mod app_keys;
mod bucket;
mod check;
mod iam;
mod place;
mod policy;
mod store;

pub(super) use accounts::{Accounts, Grant};
pub(super) use admin::{Admin, Login};
pub(super) use iam::Iam;
pub(super) use store::Store;

use super::files::{self, FileError};
use super::secret::Keys;
use super::task::StoreArguments;
use super::unique_name::unique_store_name;
use super::{ProvisionError, StoreKind, StoreTask};
use clap::Args;
use place::Extent;
use std::marker::PhantomData;

/// What the task is told.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the command line")]
pub struct S3Arguments {
    /// Make a bucket for each environment; storage-endpoint then names a server, not a bucket.
    #[arg(long)]
    create_bucket: bool,
    /// Make an account for each environment, by IAM.
    #[arg(long)]
    create_user: bool,
    /// ARN of a policy that accounts get, instead of one of their own.
    #[arg(long, value_name = "ARN", requires = "create_user")]
    policy: Option<String>,
    /// Never delete files, neither the app's nor when the environment goes.
    #[arg(long)]
    keep_files: bool,
    /// Region; taken from storage-endpoint when absent.
    #[arg(long)]
    region: Option<String>,
    /// Address of IAM.
    #[arg(long, value_name = "URL", default_value = "https://iam.amazonaws.com")]
    iam_endpoint: String,
    /// Delete files by a request each, for stores that cannot delete several at once.
    #[arg(long)]
    delete_singly: bool,
    /// What every task of a store is told.
    #[command(flatten)]
    pub(super) store: StoreArguments,
}

impl S3Arguments {
    pub(super) fn shape(&self) -> Shape {
        Shape {
            create_bucket: self.create_bucket,
            create_user: self.create_user,
            policy: self.policy.clone(),
            region: self.region.clone(),
            accounts_endpoint: Some(self.iam_endpoint.clone()),
            deletion: Deletion::of(self.keep_files, self.delete_singly),
        }
    }
}

/// What a plan makes, whatever server it makes it on.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    pub(super) create_bucket: bool,
    pub(super) create_user: bool,
    /// Policy that is there already.
    pub(super) policy: Option<String>,
    pub(super) region: Option<String>,
    /// Where accounts are made, when that is not where files are.
    pub(super) accounts_endpoint: Option<String>,
    pub(super) deletion: Deletion,
}

/// How files are deleted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Deletion {
    /// Not at all: neither by the app, nor when the environment goes.
    Never,
    /// By a request each.
    Singly,
    /// Many by one request.
    #[default]
    Together,
}

impl Deletion {
    pub(super) const fn of(keep_files: bool, singly: bool) -> Self {
        match (keep_files, singly) {
            (true, _) => Self::Never,
            (false, true) => Self::Singly,
            (false, false) => Self::Together,
        }
    }
}

/// What one run made.
#[derive(Debug, Default)]
pub(super) struct Made {
    bucket: bool,
    user: bool,
}

/// See the module. `A` makes the accounts.
pub(super) struct S3<A> {
    shape: Shape,
    accounts: PhantomData<A>,
}

impl<A: Accounts> S3<A> {
    pub(super) const fn new(shape: Shape) -> Self {
        Self {
            shape,
            accounts: PhantomData,
        }
    }

    fn open(&self, task: &StoreTask) -> Result<Store, ProvisionError> {
        files::check_purpose(task)?;
        let admin = admin::read(&task.admin_folder)?;
        let place = place::place(&self.shape, &admin, &unique_store_name(task)?)?;
        Ok(Store::new(self.shape.clone(), admin, place)?)
    }

    async fn account(&self, store: &Store, made: &mut Made) -> Result<Login, FileError> {
        if !self.shape.create_user {
            return Ok(store.admin.login.clone());
        }
        let grant = policy::grant(&self.shape, &store.place, &store.region)?;
        // Noted before: an account is several writes, and whoever takes it back finds what there is of it.
        made.user = true;
        A::open(store)?.create(&store.place.name, &grant).await
    }

    async fn remove_account(&self, store: &Store) -> Result<(), FileError> {
        let grant = policy::grant(&self.shape, &store.place, &store.region)?;
        A::open(store)?.remove(&store.place.name, &grant).await
    }
}

impl<A: Accounts> StoreKind for S3<A> {
    type Made = Made;

    async fn make(&self, task: &StoreTask, made: &mut Made) -> Result<Keys, ProvisionError> {
        let store = self.open(task)?;
        if self.shape.create_bucket {
            made.bucket = bucket::create(&store).await?;
        }
        let login = self.account(&store, made).await?;
        check::check(&store, &login, &task.uid, A::SETTLES_WITHIN).await?;
        Ok(app_keys::keys(&store.place, &login, self.shape.deletion))
    }

    async fn roll_back(&self, task: &StoreTask, made: Made) -> Result<(), ProvisionError> {
        if !made.user && !made.bucket {
            return Ok(());
        }
        let store = self.open(task)?;
        if made.user {
            self.remove_account(&store).await?;
        }
        if made.bucket {
            bucket::clear(&store).await?;
            bucket::delete(&store).await?;
        }
        Ok(())
    }

    async fn deprovision(&self, task: &StoreTask) -> Result<(), ProvisionError> {
        let store = self.open(task)?;
        app_keys::check_own(&task.instance_folder, &store.place)?;
        // The account before the files, so that nothing is written any more.
        if self.shape.create_user {
            self.remove_account(&store).await?;
        }
        if self.shape.deletion == Deletion::Never || store.place.extent == Extent::Given {
            tracing::info!("the files stay as they are");
            return Ok(());
        }
        let count = bucket::clear(&store).await?;
        tracing::info!(count, "deleted the files");
        if store.place.extent == Extent::Bucket {
            bucket::delete(&store).await?;
        }
        Ok(())
    }
}
