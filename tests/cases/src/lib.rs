//! What the cases share: packages, images, an installed product, and an app under test.

pub mod app;
pub mod manifest;
pub mod package;
pub mod plain;
pub mod platform;
pub mod product;
pub mod proxy;
pub mod requests;
pub mod source;
mod upgrade;
pub mod words;

pub use package::Package;
pub use platform::Platform;
pub use product::{Prepared, Product, base_image, copy_image, dry_run};
