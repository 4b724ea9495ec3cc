//! Which database a pod names, so that two names of one database are seen to be one.

mod address;
mod host;
mod identity;
mod kind;
mod parts;
mod problem;
pub mod role;
mod secret;
mod server;
mod target;
mod text;
mod tls;
mod variables;

pub use address::Address;
pub use identity::Identity;
pub use kind::Kind;
pub use problem::Problem;
pub use secret::from_secret;
pub use target::Target;
pub use tls::Tls;
pub use variables::{FromVariables, from_variables, keys_from_variables};
