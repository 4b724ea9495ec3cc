//! `cargo xtask plugin`: the plugin, where `kubectl mendix` finds it.

use crate::cargo;
use anyhow::{Context, Result};
use mendix_test_cluster::tools::plugin_folder;
use std::{
    fs,
    path::{Path, PathBuf},
};

const NAME: &str = "kubectl-mendix";

/// Builds the plugin and returns its path. From then on `cargo xtask cluster env` has it on `PATH`, and so does every
/// shell that took its words before.
pub(crate) fn build() -> Result<PathBuf> {
    let program = std::path::absolute(cargo::static_binary(NAME)?)?;
    link(&program)?;
    Ok(program)
}

/// Builds the plugin where there is none. One that is there is left as it is: a shell is to be set up quickly.
pub(crate) fn ensure() -> Result<()> {
    if plugin_folder()?.join(NAME).exists() {
        return Ok(());
    }
    crate::report("Building the plugin");
    build().map(drop)
}

/// Renamed into its place, since several of these may run at once.
fn link(program: &Path) -> Result<()> {
    let folder = plugin_folder()?;
    let link = folder.join(NAME);
    let unfinished = folder.join(format!(".{NAME}.{}", std::process::id()));
    let linked = || {
        fs::create_dir_all(&folder)?;
        std::os::unix::fs::symlink(program, &unfinished)?;
        fs::rename(&unfinished, &link)
    };
    linked().with_context(|| format!("failed to link {} to {}", link.display(), program.display()))
}
