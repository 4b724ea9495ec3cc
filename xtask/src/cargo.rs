//! How this repository calls cargo.

use anyhow::{Context, Result, bail};
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

/// Target of the binaries that go into images.
const STATIC_TARGET: &str = "x86_64-unknown-linux-gnu";

/// Root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// The cargo that runs this program, in the workspace.
pub(crate) fn cargo<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace()).args(arguments);
    command
}

/// Runs a command to its end; its output goes where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("failed to start {}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// Builds release binaries that need nothing of the image they are put into, and returns their folder.
///
/// The target is named although it is the host's own: only so do the flags leave procedural macros alone, which
/// cannot be linked statically.
pub(crate) fn static_binaries(packages: &[&str]) -> Result<PathBuf> {
    let mut arguments = vec!["build", "--release", "--locked", "--target", STATIC_TARGET];
    arguments.extend(packages.iter().flat_map(|package| ["--package", *package]));
    run(cargo(arguments).env(
        "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
        "-C target-feature=+crt-static",
    ))?;
    Ok(target_directory().join(STATIC_TARGET).join("release"))
}

/// Builds the plugin for people's own machines and returns its path.
pub(crate) fn plugin() -> Result<PathBuf> {
    Ok(static_binaries(&["kubectl-mendix"])?.join("kubectl-mendix"))
}

fn target_directory() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}
