//! Which names of entries may be unpacked. Pure.

/// Prefix by which a layer deletes a file of the layers below. Source: OCI image specification, "Whiteouts".
const WHITEOUT: &str = ".wh.";

/// Longest path, with the folder that the app is in. Source: Linux, `PATH_MAX`, which counts a byte for the end.
const LONGEST: usize = 4095 - "/opt/mendix/app/".len();
/// Deepest folder: deeper ones are made to make programs fail.
const DEEPEST: usize = 64;
/// Names that stand for devices on Windows, whatever the extension. Source: Microsoft, "Naming Files, Paths, and
/// Namespaces".
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

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
    } else if path.len() > LONGEST {
        Err("has a name that is too long for a file system")
    } else if path.split('/').count() > DEEPEST {
        Err("lies in too many folders")
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
        _ if is_device(part) => Err("has the name of a device"),
        _ => Ok(()),
    }
}

fn is_device(part: &str) -> bool {
    let name = part.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let numbered = |device| matches!(name.strip_prefix(device).map(str::as_bytes), Some([b'1'..=b'9']));
    DEVICES.contains(&name.as_str()) || NUMBERED_DEVICES.into_iter().any(numbered)
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
    #[case("web/console.js")]
    #[case("web/com.js")]
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
    #[case("web/aux.js", "device")]
    #[case("web/COM1", "device")]
    #[case("NUL/x", "device")]
    #[case(&"a/".repeat(100), "too many folders")]
    #[case(&"a".repeat(256), "too long")]
    #[case(&format!("{}x", "longer/".repeat(585)), "too long")]
    fn dangerous_names_are_refused(#[case] name: &str, #[case] part: &str) {
        assert!(
            check(name).is_err_and(|fault| fault.contains(part)),
            "{name:?}: {:?}",
            check(name)
        );
    }
}
