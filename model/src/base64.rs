//! Base64 of a text, as passwords are written into a spec.

use ::base64::{Engine, engine::general_purpose::STANDARD};

/// The text that was encoded, or nothing when it is no base64 or no UTF-8.
pub(crate) fn decode_text(text: &str) -> Option<String> {
    let joined: String = text.split_whitespace().collect();
    String::from_utf8(STANDARD.decode(joined).ok()?).ok()
}
