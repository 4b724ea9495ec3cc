//! Deployment packages of any size, as Mendix makes them: a zip with stored and deflated entries mixed.

use anyhow::Result;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// A package that is made for a test.
#[derive(Clone, Debug)]
pub struct Package {
    metadata: Value,
    double: Value,
    files: Vec<(String, Vec<u8>)>,
}

impl Package {
    /// A package whose model is `model`: packages of different models have different checksums.
    pub fn new(model: &str) -> Self {
        Self {
            metadata: json!({
                "RuntimeVersion": "10.24.0",
                "JavaVersion": "21",
                "ProjectName": "sample",
                "ModelVersion": model,
                "AdminUser": "MxAdmin",
                "AdminRole": "Administrator",
                "Constants": [],
                "ScheduledEvents": [],
            }),
            double: json!({ "model": model }),
            files: vec![
                (
                    "web/index.html".to_owned(),
                    format!("<title>{model}</title>").into_bytes(),
                ),
                ("model/bundles/project.jar".to_owned(), noise(64 * 1024, 1)),
            ],
        }
    }

    /// Sets an option of the runtime double, such as `startDelayMillis`.
    #[must_use]
    pub fn option(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.double[name] = value.into();
        self
    }

    /// Sets a field of `model/metadata.json`.
    #[must_use]
    pub fn metadata(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.metadata[name] = value.into();
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, name: &str, content: Vec<u8>) -> Self {
        self.files.push((name.to_owned(), content));
        self
    }

    /// The zip: metadata and jars stored, the rest deflated.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for folder in ["model/", "model/resources/", "web/"] {
            zip.add_directory(folder, SimpleFileOptions::default())?;
        }
        let documents = [
            ("model/metadata.json", &self.metadata),
            ("model/double.json", &self.double),
        ];
        for (name, document) in documents {
            add(&mut zip, name, &serde_json::to_vec_pretty(document)?)?;
        }
        for (name, content) in &self.files {
            add(&mut zip, name, content)?;
        }
        Ok(zip.finish()?.into_inner())
    }
}

fn add(zip: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, content: &[u8]) -> Result<()> {
    let stored = ["jar", "json"].iter().any(|ending| name.ends_with(ending));
    let method = if stored {
        CompressionMethod::Stored
    } else {
        CompressionMethod::Deflated
    };
    zip.start_file(name, SimpleFileOptions::default().compression_method(method))?;
    Ok(zip.write_all(content)?)
}

/// Bytes that do not compress, the same for the same seed.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .flatten()
    .take(length)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::Package;
    use zip::ZipArchive;

    #[test]
    fn stored_and_deflated_entries_are_mixed() {
        let bytes = Package::new("A").bytes().expect("package");
        let mut zip = ZipArchive::new(std::io::Cursor::new(bytes)).expect("zip");
        let mut method = |name| zip.by_name(name).expect(name).compression();
        assert_eq!(method("model/metadata.json"), zip::CompressionMethod::Stored);
        assert_eq!(method("web/index.html"), zip::CompressionMethod::Deflated);
    }

    #[test]
    fn packages_of_two_models_differ() {
        assert_ne!(
            Package::new("A").bytes().expect("A"),
            Package::new("B").bytes().expect("B")
        );
    }
}
