//! Variables and files that a task is told by.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Failure to read what the task is told.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A variable is missing.
    #[error(
        "failed to start: variable {0} is not set; it is the controller's to set, see docs/provisioners.md"
    )]
    Missing(&'static str),
    /// The purpose is unknown.
    #[error("failed to start: purpose {0:?} is not known; use database or file")]
    Purpose(String),
    /// The uid is too short to be one.
    #[error(
        "failed to start: variable {0} holds no uid; it is the controller's to set, see docs/provisioners.md"
    )]
    Uid(&'static str),
    /// A key of the administrator's Secret is missing.
    #[error(
        "failed to find key {0} in the plan's admin Secret; add it, and set adminSecretName in the storage plan"
    )]
    AdminKey(&'static str),
    /// A mounted key cannot be read.
    #[error("failed to read {path}: {source}; check the mounted Secret")]
    Key {
        /// File.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
}

/// A value that must be there. An empty variable is as good as none.
pub(crate) fn required<'a>(value: Option<&'a str>, variable: &'static str) -> Result<&'a str, SettingsError> {
    value
        .filter(|value| !value.is_empty())
        .ok_or(SettingsError::Missing(variable))
}

/// A key of a mounted Secret, without the newline that editors add; nothing when it is absent or empty.
pub(crate) fn read_key(folder: &Path, key: &str) -> Result<Option<String>, SettingsError> {
    let path = folder.join(key);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SettingsError::Key { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_variables_are_missing() {
        assert!(required(None, "A").is_err());
        assert!(required(Some(""), "A").is_err());
        assert_eq!(required(Some("x"), "A").ok(), Some("x"));
    }
}
