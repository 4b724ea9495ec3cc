//! Host names.

/// Longest name, and longest part between two dots (RFC 1035).
const LONGEST: usize = 253;
const LONGEST_PART: usize = 63;

/// The host that a text names, in lower case. A scheme and a last slash do not belong to it, but people write them.
///
/// # Errors
/// Why it cannot be the address of an app, and what to write.
pub fn host(text: &str) -> Result<String, String> {
    let host = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = host.trim_end_matches('/').to_ascii_lowercase();
    if host.starts_with('*') {
        return Err(format!(
            "{text:?} is a wildcard, which nobody can open: write the one name of the app"
        ));
    }
    if is_name(&host) {
        return Ok(host);
    }
    Err(format!(
        "{text:?} is no host name: write a name such as shop.example.com, of letters, digits and dashes between the \
         dots, without port and path"
    ))
}

/// As RFC 1123 has it. A last part of digits alone is an address, which neither Ingress nor `HTTPRoute` takes.
fn is_name(host: &str) -> bool {
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let ends = |part: &str| {
        let alphanumeric = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        alphanumeric(part.bytes().next()) && alphanumeric(part.bytes().next_back())
    };
    let valid = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        part.len() <= LONGEST_PART && part.bytes().all(allowed) && ends(part)
    };
    host.len() <= LONGEST && host.split('.').all(valid) && !host.rsplit('.').next().is_some_and(numeric)
}

#[cfg(test)]
mod tests {
    use super::host;
    use rstest::rstest;

    #[rstest]
    #[case::name("shop.example.com", "shop.example.com")]
    #[case::one_part("shop", "shop")]
    #[case::scheme("https://shop.example.com/", "shop.example.com")]
    #[case::upper_case("Shop.Example.com", "shop.example.com")]
    #[case::digits_first("4shop.example.com", "4shop.example.com")]
    fn a_name_is_taken(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(host(text).as_deref(), Ok(expected));
    }

    #[rstest]
    #[case::empty("", "is no host name")]
    #[case::wildcard("*.example.com", "is a wildcard")]
    #[case::underscore("my_shop.example.com", "is no host name")]
    #[case::blank("shop example.com", "is no host name")]
    #[case::port("shop.example.com:8443", "without port and path")]
    #[case::path("shop.example.com/shop", "without port and path")]
    #[case::address("192.0.2.5", "is no host name")]
    #[case::dash_first("-shop.example.com", "is no host name")]
    #[case::dash_last("shop-.example.com", "is no host name")]
    #[case::empty_part("shop..example.com", "is no host name")]
    #[case::template("{{.Name}}.example.com", "is no host name")]
    fn anything_else_is_told(#[case] text: &str, #[case] said: &str) {
        let problem = host(text).expect_err("a problem");
        assert!(
            problem.contains(said) && problem.contains(": write "),
            "{problem}"
        );
    }

    #[test]
    fn a_part_has_at_most_63_characters_and_a_name_253() {
        let part = "a".repeat(63);
        assert!(host(&part).is_ok());
        assert!(host(&"a".repeat(64)).is_err());
        let name = [part.as_str(); 4].join(".");
        assert!(host(&name[2..]).is_ok());
        assert!(host(&name[1..]).is_err());
    }
}
