//! `mendix guard install`: hands the guard over to the container it is to be PID 1 of.

use mendix_model::runtime_configuration::GUARD_BINARY;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Arguments of `install`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Folder that the binary is copied into.
    pub directory: PathBuf,
}

/// A copy that failed.
#[derive(Debug, thiserror::Error)]
#[error("failed to copy the guard to {}: {problem}; the folder must be a writable volume", path.display())]
pub(crate) struct InstallError {
    path: PathBuf,
    problem: std::io::Error,
}

/// Copies the running binary to `DIRECTORY/mendix`, executable for everybody.
pub(crate) fn install(arguments: &Arguments) -> Result<(), InstallError> {
    let path = arguments.directory.join(GUARD_BINARY);
    // The link is followed: what is copied is the file, also when it was replaced on disk since it was started.
    copy(Path::new("/proc/self/exe"), &path).map_err(|problem| InstallError { path, problem })
}

/// Writes beside the target and renames: an init container that is killed half-way leaves no half binary behind
/// that the next one would have to notice. The name beside is always the same, so nothing piles up.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let beside = to.with_extension("new");
    fs::copy(from, &beside)?;
    fs::set_permissions(&beside, Permissions::from_mode(0o755))?;
    fs::rename(&beside, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_executable_and_alone() {
        let folder = tempfile::tempdir().expect("folder");
        let from = folder.path().join("from");
        fs::write(&from, "binary").expect("written");
        fs::set_permissions(&from, Permissions::from_mode(0o600)).expect("set");
        let into = folder.path().join("into");
        fs::create_dir(&into).expect("made");
        copy(&from, &into.join(GUARD_BINARY)).expect("copied");
        let copied = into.join(GUARD_BINARY);
        assert_eq!(
            fs::metadata(&copied).expect("there").permissions().mode() & 0o777,
            0o755
        );
        assert_eq!(fs::read_to_string(&copied).expect("read"), "binary");
        assert_eq!(fs::read_dir(&into).expect("listed").count(), 1);
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let directory = folder.path().join("missing");
        let error = install(&Arguments { directory }).expect_err("refused");
        assert!(error.to_string().contains("/missing/mendix"), "{error}");
    }
}
