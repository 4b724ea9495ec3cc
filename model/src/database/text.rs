//! Percent-encoding, and text that is or is not there.

use std::fmt::Write as _;

/// The text without what surrounds it; nothing when that is all.
pub(super) fn present(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// `%41` to `A`. What is not an escape stays.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escape = (*first == b'%').then(|| tail.split_at_checked(2)).flatten();
        let byte = escape.and_then(|(digits, tail)| Some((hexadecimal(digits)?, tail)));
        let (byte, tail) = byte.unwrap_or((*first, tail));
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    // The parser of the standard library would take a sign too.
    let digits = std::str::from_utf8(digits).ok()?;
    let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    all.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

/// The text as one word, so that words with blanks between them can be told apart again.
pub(super) fn word(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_whitespace() || character.is_control() || character == '%' {
            let mut buffer = [0; 4];
            for byte in character.encode_utf8(&mut buffer).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(word, "%{byte:02X}");
            }
        } else {
            word.push(character);
        }
    }
    word
}

/// Without a prefix in whatever case.
pub(super) fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// A parameter of `name=value&name=value`, its name in whatever case; nothing when its value is empty.
pub(super) fn parameter(parameters: &str, key: &str) -> Option<String> {
    let mut pairs = parameters.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.eq_ignore_ascii_case(key))?;
    present(value).map(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("plain", "plain")]
    #[case("a%20b%2Fc", "a b/c")]
    #[case("100%", "100%")]
    #[case("%4", "%4")]
    #[case("%+4x", "%+4x")]
    #[case("%C3%A9", "é")]
    #[case("%2541", "%41")]
    fn escapes_are_decoded_once(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(decoded(text), expected);
    }

    #[test]
    fn a_word_has_no_blanks() {
        assert_eq!(word("my shop%"), "my%20shop%25");
        assert_eq!(word("a\u{2003}b"), "a%E2%80%83b");
        assert_ne!(word("a b"), word("a%20b"));
    }
}
