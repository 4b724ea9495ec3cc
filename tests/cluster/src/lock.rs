//! One process at a time: a lock on a file, which the kernel frees when the process ends, however it ends.

use anyhow::{Context as _, Result};
use std::{
    fs::{self, File},
    path::Path,
};

/// A held lock. Dropping it frees it.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Waits until no other process holds the lock.
    pub(crate) fn exclusive(path: &Path) -> Result<Self> {
        let context = || format!("failed to lock {}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(context)?;
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .with_context(context)?;
        file.lock().with_context(context)?;
        Ok(Self { _file: file })
    }
}
