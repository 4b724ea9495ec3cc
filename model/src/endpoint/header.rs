//! Header fields of requests and answers.

/// Characters of a name besides letters and digits (RFC 9110, `token`).
const OF_NAMES: &[u8] = b"!#$%&'*+-.^_`|~";
/// Longest name and value (Gateway API, `HTTPHeader`).
const LONGEST_NAME: usize = 256;
const LONGEST_VALUE: usize = 4096;

/// A header field; without a value where it is taken away.
///
/// # Errors
/// Why it is none, without its value.
pub fn header(name: &str, value: Option<&str>) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || OF_NAMES.contains(&byte);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(allowed) {
        return Err(format!(
            "{name:?} is no name of a header: write one such as X-Frame-Options, without blanks and colon"
        ));
    }
    let fits = |value: &str| {
        let printable = value.chars().all(|it| !it.is_control());
        !value.trim().is_empty() && value.len() <= LONGEST_VALUE && printable
    };
    if value.is_some_and(|value| !fits(value)) {
        return Err(format!(
            "header {name} has no value that can be sent: write one line of at most {LONGEST_VALUE} characters"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::header;
    use rstest::rstest;

    #[rstest]
    #[case::set("X-Frame-Options", Some("DENY"), None)]
    #[case::removed("Server", None, None)]
    #[case::no_name("", None, Some("is no name of a header"))]
    #[case::colon("Server:", None, Some("is no name of a header"))]
    #[case::blank("X Frame", Some("DENY"), Some("is no name of a header"))]
    #[case::no_value("X-Frame-Options", Some(""), Some("header X-Frame-Options has no value"))]
    #[case::two_lines("X-Frame-Options", Some("a\r\nSet-Cookie: b"), Some("one line"))]
    fn a_header_is_a_token_and_a_line(
        #[case] name: &str,
        #[case] value: Option<&str>,
        #[case] said: Option<&str>,
    ) {
        let problem = header(name, value).err();
        assert_eq!(problem.is_some(), said.is_some(), "{problem:?}");
        assert!(problem.unwrap_or_default().contains(said.unwrap_or_default()));
    }
}
