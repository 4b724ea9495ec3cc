//! What a package says about itself, in `model/metadata.json`. Pure.

use crate::PackageError;
use serde::Deserialize;
use serde_json::Value;

/// The parts that a build needs.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub struct Metadata {
    /// `10.24.0.73019`.
    pub runtime_version: String,
    /// `21`; packages of older versions do not say it.
    pub java_version: Option<Value>,
    /// Version given at the export, or `unversioned`.
    pub model_version: Option<String>,
    /// Name of the project.
    pub project_name: Option<String>,
}

/// The entry that says it.
pub const METADATA: &str = "model/metadata.json";
/// Largest one that is read into memory; real ones have some kilobytes.
pub const METADATA_LIMIT: u64 = 8 << 20;

impl Metadata {
    /// Reads the metadata. Some tools put a byte order mark before it.
    ///
    /// # Errors
    /// When it is not what a package says about itself.
    pub fn parse(text: &[u8]) -> Result<Self, PackageError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        serde_json::from_slice(text).map_err(|error| PackageError::Metadata {
            cause: error.to_string(),
        })
    }

    /// The Java version, which is a number in some packages and text in others.
    pub fn java_version(&self) -> Option<String> {
        match self.java_version.as_ref()? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Metadata;
    use rstest::rstest;

    #[rstest]
    #[case(r#"{"RuntimeVersion": "10.24.0", "JavaVersion": "21"}"#, Some("21"))]
    #[case(r#"{"RuntimeVersion": "10.24.0", "JavaVersion": 17}"#, Some("17"))]
    #[case(r#"{"RuntimeVersion": "6.2.0", "Roles": {}}"#, None)]
    #[case("\u{feff}{\"RuntimeVersion\": \"6.2.0\", \"JavaVersion\": null}", None)]
    fn the_java_version_is_read_in_every_form(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(
            Metadata::parse(text.as_bytes())
                .expect("metadata")
                .java_version()
                .as_deref(),
            expected
        );
    }

    #[test]
    fn a_package_without_a_runtime_version_is_refused() {
        assert!(Metadata::parse(b"{}").is_err_and(|error| error.to_string().contains("RuntimeVersion")));
    }
}
