//! Programs of Node.js, installed from the pinned package lists in `tools/` into the cache.

use super::{cache_key, cache_root, source_files, source_folder};
use crate::{command::run, debian, lock::FileLock, progress};
use anyhow::{Context as _, Result};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Scripts of packages are not run: none of ours needs one.
const INSTALL: &[&str] = &["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"];

/// A program of the packages that are listed in folder `name` below `tools/`.
///
/// # Errors
/// When npm is missing and cannot be installed, or fails.
pub fn node_program(name: &str, program: &str) -> Result<PathBuf> {
    let source = source_folder(name);
    let arguments: Vec<_> = INSTALL.iter().map(|&word| word.to_owned()).collect();
    let cache = cache_root()?.join("tools");
    let target = cache.join(format!(
        "{name}-{}",
        cache_key(&arguments, &source_files(&source)?)
    ));
    if !target.is_dir() {
        let _lock = FileLock::exclusive(&cache.join(format!("{name}.lock")))?;
        if !target.is_dir() {
            install(&source, &target)?;
        }
    }
    Ok(target.join("node_modules/.bin").join(program))
}

fn install(source: &Path, target: &Path) -> Result<()> {
    if run(Command::new("npm").arg("--version")).is_err() {
        debian::install_node()?;
    }
    progress::line(&format!("installing {} (once)", source.display()));
    let unfinished = target.with_extension("unfinished");
    let _ = fs::remove_dir_all(&unfinished);
    fs::create_dir_all(&unfinished).with_context(|| format!("failed to create {}", unfinished.display()))?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(source.join(file), unfinished.join(file))
            .with_context(|| format!("failed to copy {file}"))?;
    }
    run(Command::new("npm").args(INSTALL).current_dir(&unfinished))
        .with_context(|| format!("failed to install the packages of {}", source.display()))?;
    fs::rename(&unfinished, target)
        .with_context(|| format!("failed to move the packages to {}", target.display()))
}
