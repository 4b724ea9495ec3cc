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

/// What cargo tells the programs that it runs of their own package, by beginnings of names. Build scripts, such as that of
/// ring, take the same for a reason to build again: passed on, it would make this cargo build what the outer one has built
/// with other values, the outer one do so again at the next call, and all that depends on ring with it.
const OF_THIS_PROGRAM: [&str; 4] = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "OUT_DIR"];

/// The cargo that runs this program, in the workspace.
pub(crate) fn cargo<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace()).args(arguments);
    for (name, _) in std::env::vars_os() {
        if OF_THIS_PROGRAM
            .iter()
            .any(|beginning| name.to_string_lossy().starts_with(beginning))
        {
            command.env_remove(&name);
        }
    }
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

/// Packages whose binaries are put into images or given to people.
const STATIC_PACKAGES: [&str; 4] = [
    "mendix",
    "mendix-runtime-double",
    "mendix-idle-webhook",
    "kubectl-mendix",
];

/// Builds a release binary that needs nothing of the image it is put into, and returns its path.
///
/// All of them are built at once: features are chosen for the packages of one call, so single calls would build the
/// dependencies again for each. The target is named although it is the host's own: only so do the flags leave
/// procedural macros alone, which cannot be linked statically.
pub(crate) fn static_binary(name: &str) -> Result<PathBuf> {
    let mut arguments = vec!["build", "--release", "--locked", "--target", STATIC_TARGET];
    arguments.extend(STATIC_PACKAGES.iter().flat_map(|package| ["--package", *package]));
    run(cargo(arguments).env(
        "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
        "-C target-feature=+crt-static",
    ))?;
    Ok(target_directory().join(STATIC_TARGET).join("release").join(name))
}

/// Where cargo puts what it builds.
pub(crate) fn target_directory() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}
