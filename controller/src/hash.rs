//! Content hashes. Not for passwords.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// SHA-256 of a document as hex. Keys of a [`Value`] are sorted, so equal documents have equal hashes.
pub(crate) fn of(document: &Value) -> String {
    use std::fmt::Write;
    let digest = Sha256::digest(document.to_string());
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn the_hash_is_that_of_the_text() {
        // printf '{"a":1}' | sha256sum
        assert_eq!(
            super::of(&json!({"a": 1})),
            "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
        );
    }
}
