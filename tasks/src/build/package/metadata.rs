//! What a package says about itself, in `model/metadata.json`. Pure.

use serde::Deserialize;
use serde_json::Value;

/// The parts that a build needs.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(in crate::build) struct Metadata {
    /// `10.24.0.73019`.
    pub(in crate::build) runtime_version: String,
    /// `21`; packages of older versions do not say it.
    java_version: Option<Value>,
    /// Version given at the export, or `unversioned`.
    pub(in crate::build) model_version: Option<String>,
    /// Name of the project.
    pub(in crate::build) project_name: Option<String>,
}

impl Metadata {
    /// The Java version, which is a number in some packages and text in others.
    pub(in crate::build) fn java_version(&self) -> Option<String> {
        match self.java_version.as_ref()? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// Reads the metadata. Some tools put a byte order mark before it.
pub(super) fn parse(text: &[u8]) -> serde_json::Result<Metadata> {
    serde_json::from_slice(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use rstest::rstest;

    #[rstest]
    #[case(r#"{"RuntimeVersion": "10.24.0", "JavaVersion": "21"}"#, Some("21"))]
    #[case(r#"{"RuntimeVersion": "10.24.0", "JavaVersion": 17}"#, Some("17"))]
    #[case(r#"{"RuntimeVersion": "6.2.0", "Roles": {}}"#, None)]
    #[case("\u{feff}{\"RuntimeVersion\": \"6.2.0\", \"JavaVersion\": null}", None)]
    fn the_java_version_is_read_in_every_form(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(
            parse(text.as_bytes())
                .expect("metadata")
                .java_version()
                .as_deref(),
            expected
        );
    }

    #[test]
    fn a_package_without_a_runtime_version_is_refused() {
        assert!(parse(b"{}").is_err_and(|error| error.to_string().contains("RuntimeVersion")));
    }
}
