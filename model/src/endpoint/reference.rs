//! References to objects of others.

/// Name of an object, a namespace, a listener or a group.
///
/// # Errors
/// When nothing can have it.
pub fn object_name(text: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let (first, last) = (text.bytes().next(), text.bytes().next_back());
    if ends(first) && ends(last) && text.bytes().all(allowed) {
        return Ok(());
    }
    Err(format!(
        "nothing can be called {text:?}: names have letters in lower case, digits, dashes and dots"
    ))
}

/// A kind of objects.
///
/// # Errors
/// When none can have the name.
pub fn kind(text: &str) -> Result<(), String> {
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if starts && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(format!(
        "{text:?} is no kind of objects: write one such as Gateway"
    ))
}

#[cfg(test)]
mod tests {
    use super::{kind, object_name};
    use rstest::rstest;

    #[rstest]
    #[case::plain("public", true)]
    #[case::group("gateway.networking.k8s.io", true)]
    #[case::upper_case("Public", false)]
    #[case::blank("my gateway", false)]
    #[case::dash_last("public-", false)]
    #[case::empty("", false)]
    fn a_name_is_in_lower_case(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(object_name(text).is_ok(), expected);
    }

    #[rstest]
    #[case::usual("Gateway", true)]
    #[case::blank("Gate way", false)]
    #[case::empty("", false)]
    fn a_kind_is_a_word(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(kind(text).is_ok(), expected);
    }
}
