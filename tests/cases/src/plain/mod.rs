//! Apps as plain manifests, without any resource of ours: their images, their objects, a database for each, and the
//! runtime double's register of what ever ran on it.

mod account;
mod alias;
mod database;
mod image;
mod manifest;
mod pair;
mod process;
mod served;

pub use account::{client_of, controller};
pub use alias::alias;
pub use database::Database;
pub use image::{Image, Style, push};
pub use manifest::{CONTAINER, Environment, select};
pub use mendix_runtime_double::register::{Process, Summary, Violation, ViolationKind};
pub use pair::Pair;
pub use process::kill_container;
pub use served::Served;
