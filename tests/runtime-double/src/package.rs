//! The deployment package as it lies unpacked in the app folder.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::options::Options;

/// What a package says about itself, with the defaults of its options filled in.
#[derive(Debug)]
pub struct Package {
    pub metadata: Metadata,
    pub options: Options,
    /// The model's identity.
    pub model: String,
    /// The schema version the model wants.
    pub schema: String,
}

/// The part of `model/metadata.json` that a start depends on (Mendix deployment package).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Metadata {
    pub runtime_version: String,
    pub project_name: String,
    pub model_version: String,
    pub admin_user: String,
    pub constants: Vec<Named>,
    pub scheduled_events: Vec<Named>,
}

/// A constant or a scheduled event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    pub name: String,
    /// Of a constant.
    #[serde(default)]
    pub default_value: Value,
}

/// Why a package cannot be run.
#[derive(Debug, Error)]
pub enum Error {
    #[error("failed to read {path}; is the package unpacked in the app folder? {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("failed to understand {path}: {source}")]
    Parse {
        path: PathBuf,
        source: serde_json::Error,
    },
}

/// Reads the package in an app folder.
///
/// # Errors
/// `model/metadata.json` is missing or no JSON, or `model/double.json` holds an option that does not exist.
pub fn read(app: &Path) -> Result<Package, Error> {
    let metadata_path = app.join("model/metadata.json");
    let options_path = app.join("model/double.json");
    let metadata = read_file(&metadata_path)?;
    let options = match read_file(&options_path) {
        Err(Error::Read { source, .. }) if source.kind() == ErrorKind::NotFound => None,
        other => Some(other?),
    };
    understand(&metadata, options.as_deref()).map_err(|(file, source)| Error::Parse {
        path: match file {
            File::Metadata => metadata_path,
            File::Options => options_path,
        },
        source,
    })
}

fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

#[derive(Debug)]
enum File {
    Metadata,
    Options,
}

fn understand(metadata: &[u8], options: Option<&[u8]>) -> Result<Package, (File, serde_json::Error)> {
    let identity = identity(metadata, options.unwrap_or_default());
    let metadata: Metadata = serde_json::from_slice(metadata).map_err(|error| (File::Metadata, error))?;
    let options = options.map_or_else(|| Ok(Options::default()), Options::parse);
    let options = options.map_err(|error| (File::Options, error))?;
    let model = options.model.clone().unwrap_or(identity);
    let schema = options.schema.clone().unwrap_or_else(|| model.clone());
    Ok(Package {
        metadata,
        options,
        model,
        schema,
    })
}

fn identity(metadata: &[u8], options: &[u8]) -> String {
    let digest = Sha256::new()
        .chain_update(metadata)
        .chain_update(options)
        .finalize();
    digest
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
impl Package {
    /// A model with one constant, of a runtime whose events run on every node.
    pub(crate) fn for_tests() -> Self {
        let metadata =
            br#"{"RuntimeVersion": "10.6.1", "Constants": [{"Name": "Main.Limit", "DefaultValue": "3"}]}"#;
        understand(metadata, None).unwrap()
    }
}

impl Metadata {
    /// Since Mendix 9.12 scheduled events run on every node, before on the leader alone (Mendix release notes).
    pub fn events_run_on_workers(&self) -> bool {
        let mut numbers = self
            .runtime_version
            .split('.')
            .map(|number| number.parse().unwrap_or(0));
        let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        version >= (9, 12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &[u8] = br#"{"RuntimeVersion": "10.6.1", "ProjectName": "sample", "Roles": {},
        "Constants": [{"Name": "Main.Limit", "DefaultValue": "3"}], "ScheduledEvents": []}"#;

    #[test]
    fn the_identity_follows_metadata_and_options() {
        let plain = understand(METADATA, None).unwrap();
        let other = understand(METADATA, Some(br#"{"startDelayMillis": 1}"#)).unwrap();
        assert_eq!(plain.model.len(), 64);
        assert_ne!(plain.model, other.model);
        assert_eq!(plain.schema, plain.model);
        assert_eq!(plain.metadata.constants[0].name, "Main.Limit");
    }

    #[test]
    fn options_name_model_and_schema() {
        let package = understand(METADATA, Some(br#"{"model": "A"}"#)).unwrap();
        assert_eq!((package.model.as_str(), package.schema.as_str()), ("A", "A"));
        let package = understand(METADATA, Some(br#"{"model": "B", "schema": "1"}"#)).unwrap();
        assert_eq!((package.model.as_str(), package.schema.as_str()), ("B", "1"));
    }

    #[test]
    fn events_run_on_workers_since_9_12() {
        let metadata = |version: &str| Metadata {
            runtime_version: version.into(),
            ..Metadata::default()
        };
        assert!(!metadata("9.11.0").events_run_on_workers());
        assert!(metadata("9.12.0").events_run_on_workers());
        assert!(metadata("10.6.1").events_run_on_workers());
        assert!(!metadata("7.23.3").events_run_on_workers());
    }
}
