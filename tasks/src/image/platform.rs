//! Which of the images of an index is taken.

use super::ImageError;
use oci_client::Reference;
use oci_client::manifest::{ImageIndexEntry, OciImageIndex};
use std::fmt;

/// Operating system and architecture, in the words of Go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// `amd64` or `arm64`.
    pub architecture: String,
}

impl Platform {
    /// Linux on this architecture.
    pub fn linux(architecture: &str) -> Self {
        Self {
            os: "linux".to_owned(),
            architecture: architecture.to_owned(),
        }
    }

    /// Linux on the architecture that this program was built for.
    pub fn current() -> Self {
        Self::linux(match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.os, self.architecture)
    }
}

/// Digest of the image for a platform.
pub(super) fn choose(
    reference: &Reference,
    index: &OciImageIndex,
    wanted: &Platform,
) -> Result<String, ImageError> {
    let wanted_name = wanted.to_string();
    match index
        .manifests
        .iter()
        .find(|entry| name(entry).as_deref() == Some(wanted_name.as_str()))
    {
        Some(entry) => Ok(entry.digest.clone()),
        None => Err(ImageError::NoPlatform {
            reference: reference.whole(),
            platform: wanted_name,
            found: found(index),
        }),
    }
}

fn found(index: &OciImageIndex) -> String {
    let mut names: Vec<_> = index.manifests.iter().filter_map(name).collect();
    names.dedup();
    if names.is_empty() {
        "no image of any platform".to_owned()
    } else {
        names.join(", ")
    }
}

fn name(entry: &ImageIndexEntry) -> Option<String> {
    let platform = entry.platform.as_ref()?;
    // Attestations stand in indexes as images of platform unknown/unknown.
    let name = format!("{}/{}", platform.os, platform.architecture);
    (name != "unknown/unknown").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::parse_reference;
    use serde_json::json;

    fn index() -> OciImageIndex {
        let entry = |digest: &str, os: &str, architecture: &str| {
            json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1, "digest": digest,
                "platform": {"os": os, "architecture": architecture}})
        };
        let entries = [
            entry("sha256:a", "unknown", "unknown"),
            entry("sha256:b", "linux", "arm64"),
            entry("sha256:c", "linux", "amd64"),
        ];
        serde_json::from_value(json!({"schemaVersion": 2, "manifests": entries})).expect("index")
    }

    #[test]
    fn the_image_of_the_platform_is_taken() {
        let reference = parse_reference("r.example/base:1").expect("reference");
        let chosen = |architecture| choose(&reference, &index(), &Platform::linux(architecture));
        assert_eq!(chosen("amd64").ok().as_deref(), Some("sha256:c"));
        assert_eq!(chosen("arm64").ok().as_deref(), Some("sha256:b"));
        let error = chosen("s390x").expect_err("absent").to_string();
        assert!(
            error.contains("linux/s390x") && error.contains("has linux/arm64, linux/amd64"),
            "{error}"
        );
    }
}
