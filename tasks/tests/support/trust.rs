//! What a process trusts is said by its variables, so a test that needs trust runs itself again.

use std::path::{Path, PathBuf};
use std::process::Command;

/// In front of this folder of authorities a test runs itself again.
const TRUST: &str = "SSL_CERT_DIR";

/// Runs a test again in a process that trusts a folder, which is empty at first; nothing in that process itself.
pub fn run_with_trust(name: &str) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(TRUST).filter(|folder| Path::new(folder).ends_with("trusted")) {
        return Some(folder.into());
    }
    let folder = tempfile::tempdir().expect("folder");
    let trusted = folder.path().join("trusted");
    std::fs::create_dir(&trusted).expect("folder");
    let again = Command::new(std::env::current_exe().expect("name"))
        .args([name, "--exact", "--nocapture"])
        .env(TRUST, trusted)
        .status()
        .expect("started");
    assert!(again.success(), "{name} failed; see above");
    None
}
