//! What the tests of this crate share. Each test binary uses a part of it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

pub mod api;
pub mod azurite;
pub mod bad_registry;
pub mod certificates;
pub mod files;
pub mod first_version;
pub mod iam;
pub mod instance;
pub mod minio;
pub mod package;
pub mod postgres;
pub mod proxy;
pub mod ranges;
pub mod registry;
pub mod server;
pub mod trust;
pub mod unpack;

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Makes ring the cryptography provider of this process, which clients of tests need as well.
pub fn ensure_cryptography() {
    // An error says that there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// SHA-256 of some bytes, as hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a String takes everything");
            text
        })
}

/// A real package of Mendix, where there is one; else says that it is missing.
pub fn real_package() -> Option<PathBuf> {
    let path = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/sample-6.2.0.mda"
    ));
    if path.is_file() {
        return Some(path);
    }
    println!("skipped: there is no {}", path.display());
    None
}
