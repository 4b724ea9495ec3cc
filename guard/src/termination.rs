//! The termination message: the sentence that Kubernetes shows in the status of the container.

use std::path::Path;

/// Kubernetes cuts longer messages.
const LIMIT: usize = 4096;

/// Writes the message. A message that cannot be written is told in the log only: the end goes on.
pub(crate) fn write(path: &Path, message: &str) {
    if let Err(error) = std::fs::write(path, shortened(message)) {
        tracing::debug!("failed to write {}: {error}", path.display());
    }
}

fn shortened(message: &str) -> &str {
    let end = (0..=LIMIT.min(message.len()))
        .rev()
        .find(|end| message.is_char_boundary(*end))
        .unwrap_or(0);
    &message[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let message = format!("{}é", "a".repeat(LIMIT - 1));
        assert_eq!(shortened(&message).len(), LIMIT - 1);
        assert_eq!(shortened("short"), "short");
    }
}
