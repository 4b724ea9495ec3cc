//! Templates as the official operator writes them: `{{.Name}}`.

/// Replaces `{{.Key}}` by its value; a key that is not known stays as it is, and is named in the error.
///
/// # Errors
/// The first placeholder that no value was given for.
pub fn fill(template: &str, values: &[(&str, &str)]) -> Result<String, UnknownPlaceholder> {
    let mut text = template.to_owned();
    for (key, value) in values {
        // Whole placeholders only, and values are not searched again: a value that holds `{{` changes nothing.
        text = text.replace(&format!("{{{{.{key}}}}}"), &value.replace("{{", "\u{0}"));
    }
    match placeholder(&text) {
        Some(name) => Err(UnknownPlaceholder {
            template: template.to_owned(),
            name: name.to_owned(),
        }),
        None => Ok(text.replace('\u{0}', "{{")),
    }
}

fn placeholder(text: &str) -> Option<&str> {
    let start = text.find("{{")? + 2;
    let rest = &text[start..];
    Some(rest.find("}}").map_or(rest, |end| &rest[..end]).trim())
}

/// A placeholder that does not exist.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("template {template:?} has the unknown placeholder {name:?}")]
pub struct UnknownPlaceholder {
    /// The whole template.
    pub template: String,
    /// What stands between the braces.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn placeholders_are_filled() {
        assert_eq!(
            fill("{{.Name}}-tls", &[("Name", "shop")]).as_deref(),
            Ok("shop-tls")
        );
    }

    #[test]
    fn unknown_placeholders_are_named() {
        let error = fill("{{.Nmae}}", &[("Name", "shop")]).expect_err("unknown");
        assert_eq!(error.name, ".Nmae");
    }

    #[test]
    fn values_are_not_templates() {
        assert_eq!(
            fill("{{.A}}{{.B}}", &[("A", "{{.B}}"), ("B", "b")]).as_deref(),
            Ok("{{.B}}b")
        );
    }
}
