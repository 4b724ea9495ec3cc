//! Paths below a host.

/// A path type: this path and no other.
pub const EXACT: &str = "Exact";
/// A path type: everything below, part by part.
pub const PREFIX: &str = "Prefix";
/// A path type: what the Ingress controller makes of it.
const OF_THE_CONTROLLER: &str = "ImplementationSpecific";

/// What would make two paths out of one that look alike (Kubernetes documentation, "Ingress").
const AMBIGUOUS: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];
const AMBIGUOUS_ENDS: [&str; 2] = ["/.", "/.."];

/// A path type of Ingresses.
///
/// # Errors
/// When there is none of this name.
pub fn path_type(text: &str) -> Result<(), String> {
    if [EXACT, PREFIX, OF_THE_CONTROLLER].contains(&text) {
        return Ok(());
    }
    Err(format!(
        "there is no path type {text:?}: take {EXACT}, {PREFIX} or {OF_THE_CONTROLLER}"
    ))
}

/// A path of an Ingress. What is neither exact nor a prefix may be a pattern of the Ingress controller.
///
/// # Errors
/// Why it is none, and what to write.
pub fn path(text: &str, type_: Option<&str>) -> Result<(), String> {
    if !text.starts_with('/') {
        return Err(format!("{text:?} is no path: write it with a slash at its start"));
    }
    if text.contains(|character: char| character.is_whitespace() || character.is_control()) {
        return Err(format!(
            "{text:?} has a character that no path has: write blanks as %20"
        ));
    }
    let plain = matches!(type_, Some(EXACT | PREFIX));
    if plain && is_ambiguous(text) {
        return Err(format!(
            "{text:?} can be read in two ways: write it without //, /./, /../ and %2F"
        ));
    }
    Ok(())
}

fn is_ambiguous(text: &str) -> bool {
    AMBIGUOUS.iter().any(|part| text.contains(part)) || AMBIGUOUS_ENDS.iter().any(|end| text.ends_with(end))
}

/// The prefix that a path means where there are no patterns: `/shop` of `/shop/*` and of `/shop/(.*)`.
///
/// # Errors
/// Why it is none, and what to write.
pub fn plain_path(text: &str) -> Result<String, String> {
    path(text, Some(PREFIX))?;
    let prefix = text.strip_suffix("(.*)").or_else(|| text.strip_suffix('*'));
    let prefix = prefix.unwrap_or(text).trim_end_matches('/');
    if !prefix.bytes().all(is_plain) {
        return Err(format!(
            "{text:?} is a pattern, which this type of endpoint does not know: write a plain path such as /shop"
        ));
    }
    Ok(if prefix.is_empty() { "/" } else { prefix }.to_owned())
}

/// Characters of a path that are no pattern (RFC 3986, without the brackets and the star that are legal too).
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'+,;=:@%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{path, path_type, plain_path};
    use rstest::rstest;

    #[rstest]
    #[case::root("/", Some("Prefix"), None)]
    #[case::pattern("/(.*)", None, None)]
    #[case::star("/*", Some("ImplementationSpecific"), None)]
    #[case::relative("shop", None, Some("with a slash at its start"))]
    #[case::empty("", None, Some("with a slash at its start"))]
    #[case::blank("/my shop", None, Some("write blanks as %20"))]
    #[case::doubled("//shop", Some("Exact"), Some("can be read in two ways"))]
    #[case::doubled_in_a_pattern("//shop", None, None)]
    #[case::upwards("/shop/..", Some("Prefix"), Some("can be read in two ways"))]
    fn a_path_is_absolute(#[case] text: &str, #[case] type_: Option<&str>, #[case] said: Option<&str>) {
        let problem = path(text, type_).err();
        assert_eq!(problem.is_some(), said.is_some(), "{problem:?}");
        assert!(problem.unwrap_or_default().contains(said.unwrap_or_default()));
    }

    #[rstest]
    #[case::exact("Exact", true)]
    #[case::of_the_gateway_api("PathPrefix", false)]
    #[case::other_case("prefix", false)]
    fn path_types_are_those_of_ingresses(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(path_type(text).is_ok(), expected);
    }

    #[rstest]
    #[case::root("/", Some("/"))]
    #[case::everything("/*", Some("/"))]
    #[case::everything_as_a_pattern("/(.*)", Some("/"))]
    #[case::below("/shop/*", Some("/shop"))]
    #[case::plain("/shop/", Some("/shop"))]
    #[case::pattern("/(shop|store)", None)]
    #[case::star_inside("/*/shop", None)]
    #[case::relative("shop", None)]
    fn a_prefix_is_plain(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(plain_path(text).ok().as_deref(), expected);
    }
}
