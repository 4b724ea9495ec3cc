//! What the tests of this crate share. Each test binary uses a part of it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

pub mod again;
pub mod api;
pub mod azurite;
pub mod bad_registry;
pub mod base;
pub mod certificates;
pub mod command;
pub mod connect;
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
pub mod vendor;

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// Makes ring the cryptography provider of this process, which clients of tests need as well.
pub fn ensure_cryptography() {
    // An error says that there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Waits for a server that was started. Ready is one once it answers. That a connection comes about says nothing: while
/// nobody listens, one to a port of the range that clients get may come from this very port, and is then connected with
/// itself.
pub async fn answers(host: &str) {
    ensure_cryptography();
    let client = reqwest::Client::new();
    for _ in 0..1200 {
        if client.get(format!("http://{host}/")).send().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server at {host} did not answer in 60 s");
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
