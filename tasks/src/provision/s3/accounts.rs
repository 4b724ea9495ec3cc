//! Accounts of apps.

use super::super::files::FileError;
use super::Login;
use super::store::Store;
use std::time::Duration;

/// What an account may do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::provision) enum Grant {
    /// A policy of its own, as a document.
    Own(String),
    /// A policy that is there already.
    Existing(String),
}

/// Makes and removes accounts. What a killed run left is in the way of neither.
pub(in crate::provision) trait Accounts: Sized {
    /// How long after its creation an account may still be unknown somewhere.
    const SETTLES_WITHIN: Duration;

    /// The interface of a server.
    fn open(store: &Store) -> Result<Self, FileError>;

    /// Makes the account, or takes over the one of this name, with a new secret.
    async fn create(&self, name: &str, grant: &Grant) -> Result<Login, FileError>;

    /// Removes the account and the policy of its own. One that is gone is no failure.
    async fn remove(&self, name: &str, grant: &Grant) -> Result<(), FileError>;
}
