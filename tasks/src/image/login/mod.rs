//! Logins that a cloud gives to the pods that run in it: who proves to be such a pod gets a name and a password for the
//! registry, for some hours.
//!
//! One file a vendor. What is published by the vendors was read, and is named there; none of it was tried with them.

mod acr;
mod artifact_registry;
mod ask;
mod choose;
mod ecr;
mod error;
mod held;
mod identity;
mod json_web_token;

pub use error::LoginError;
pub use identity::Identity;

pub(super) use held::{Current, Logins};

use futures::future::BoxFuture;
use std::fmt;
use std::time::SystemTime;

/// Asks a vendor for a login.
trait Exchange: Send + Sync {
    /// Makes a login of what this pod is.
    fn exchange(&self, now: SystemTime) -> BoxFuture<'_, Result<Login, LoginError>>;
}

/// Name and password for a registry. Shows no secret when printed.
#[derive(Clone)]
struct Login {
    name: String,
    password: Secret,
    expires: SystemTime,
}

/// What is not shown when printed.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(secret)")
    }
}
