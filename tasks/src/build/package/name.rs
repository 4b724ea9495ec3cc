//! Which names of entries may be unpacked. Pure.

/// Prefix by which a layer deletes a file of the layers below. Source: OCI image specification, "Whiteouts".
const WHITEOUT: &str = ".wh.";

/// Says why a name must not be unpacked.
pub(super) fn check(name: &str) -> Result<(), &'static str> {
    let path = name.strip_suffix('/').unwrap_or(name);
    if path.is_empty() {
        Err("has no name")
    } else if name.contains('\\') {
        Err("has a backslash in its name")
    } else if name.chars().any(char::is_control) {
        Err("has a control character in its name")
    } else if name.starts_with('/') || has_drive(name) {
        Err("has an absolute name")
    } else {
        path.split('/').try_for_each(check_part)
    }
}

fn check_part(part: &str) -> Result<(), &'static str> {
    match part {
        ".." => Err("leads out of the app's folder"),
        "" | "." => Err("has a name with an empty part"),
        _ if part.starts_with(WHITEOUT) => Err("would delete files of the base image"),
        _ if part.len() > 255 => Err("has a name that is too long for a file system"),
        _ => Ok(()),
    }
}

fn has_drive(name: &str) -> bool {
    matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::check;
    use rstest::rstest;

    #[rstest]
    #[case("model/metadata.json")]
    #[case("model/")]
    #[case("web/é..js")]
    #[case("web/a:b")]
    fn ordinary_names_are_accepted(#[case] name: &str) {
        assert_eq!(check(name), Ok(()));
    }

    #[rstest]
    #[case("../x", "leads out")]
    #[case("model/../../x", "leads out")]
    #[case("model/..", "leads out")]
    #[case("/etc/passwd", "absolute")]
    #[case("C:/x", "absolute")]
    #[case("model\\x", "backslash")]
    #[case("a//b", "empty part")]
    #[case("./a", "empty part")]
    #[case("", "no name")]
    #[case("/", "no name")]
    #[case("a\nb", "control")]
    #[case("a\0b", "control")]
    #[case("web/.wh.index.html", "delete")]
    #[case("web/.wh..wh..opq", "delete")]
    fn dangerous_names_are_refused(#[case] name: &str, #[case] part: &str) {
        assert!(
            check(name).is_err_and(|fault| fault.contains(part)),
            "{name:?}: {:?}",
            check(name)
        );
    }
}
