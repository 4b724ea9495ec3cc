//! Apps as plain manifests, without any resource of ours: their images, their objects, a database for each, and the
//! runtime double's register of what ever ran on it.

mod database;
mod image;
mod manifest;

pub use database::Database;
pub use image::{Image, Style, push};
pub use manifest::{CONTAINER, Environment};
pub use mendix_runtime_double::register::{Process, Summary, Violation, ViolationKind};
