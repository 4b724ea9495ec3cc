//! Base64 of a text, as passwords are written into a spec.

use ::base64::{Engine, engine::general_purpose::STANDARD};

/// The text that was encoded, or nothing when it is no base64 or no UTF-8.
pub(crate) fn decode_text(text: &str) -> Option<String> {
    String::from_utf8(decode(text)?).ok()
}

/// The bytes that were encoded, or nothing when it is no base64.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let joined: String = text.split_whitespace().collect();
    STANDARD.decode(joined).ok()
}
