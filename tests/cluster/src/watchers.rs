//! A limit of the kernel that a few nodes reach: how many sets of watched files a user may have.
//!
//! A node takes a dozen of them; many distributions allow 128. A kubelet that gets none runs on and never joins.

use anyhow::{Context as _, Result};
use std::{fs, path::Path};

const LIMIT_FILE: &str = "/proc/sys/fs/inotify/max_user_instances";
/// Enough for some forty nodes.
const NEEDED: u32 = 512;

/// Raises the limit where it is lower. It is never lowered again: other clusters may need it.
pub(crate) fn allow() -> Result<()> {
    raise(Path::new(LIMIT_FILE))
}

fn raise(file: &Path) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
    if !is_low(&text) {
        return Ok(());
    }
    fs::write(file, NEEDED.to_string())
        .with_context(|| format!("failed to raise {} to {NEEDED}: do it by hand", file.display()))
}

fn is_low(text: &str) -> bool {
    text.trim().parse::<u32>().is_ok_and(|limit| limit < NEEDED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_only_ever_raised() {
        assert!(is_low("128\n"));
        assert!(!is_low("512\n"));
        assert!(!is_low("8192\n"));
    }
}
