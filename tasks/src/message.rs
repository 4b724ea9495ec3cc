//! The termination message, by which a task pod answers.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

/// Kubernetes keeps no more of it.
const LIMIT: usize = 4096;

/// Writes the message over what is there.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    // Kubernetes has made the file. Without it, somebody runs a task by hand and should not get files in /dev.
    let create = !path.starts_with("/dev");
    let mut file = OpenOptions::new()
        .write(true)
        .truncate(true)
        .create(create)
        .open(path)?;
    file.write_all(shortened(text).as_bytes())
}

/// At most [`LIMIT`] bytes, cut between characters.
fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(LIMIT)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_between_characters() {
        assert_eq!(shortened("short"), "short");
        assert_eq!(shortened(&"é".repeat(3000)).len(), 4096);
        assert_eq!(shortened(&format!("a{}", "é".repeat(3000))).len(), 4095);
    }

    #[test]
    fn a_message_replaces_the_one_before() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("message");
        write(&path, "a long message")?;
        write(&path, "short")?;
        assert_eq!(std::fs::read_to_string(&path)?, "short");
        Ok(())
    }
}
