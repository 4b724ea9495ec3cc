//! Reads an image's manifest and configuration.

use super::mirror::goes_on;
use super::{ImageError, Mirrors, Platform, Registry, config, media_type, platform};
use mendix_package::LayerIdentity;
use oci_client::Reference;
use oci_client::manifest::{OciImageManifest, OciManifest};
use serde_json::Value;
use std::collections::BTreeMap;

/// An image as the registry has it, without its layers.
#[derive(Clone, Debug)]
pub struct FetchedImage {
    /// By digest, so that a tag that moves meanwhile changes nothing.
    pub reference: Reference,
    /// Digest that the given reference led to: of the image, or of the index it was chosen from.
    pub digest: String,
    /// Manifest of the image of the platform.
    pub manifest: OciImageManifest,
    /// Configuration, an object.
    pub config: Value,
}

/// What an image says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct InspectedImage {
    /// Digest that the reference led to; for an image of several platforms that of the index.
    pub digest: String,
    /// Labels of the configuration.
    pub labels: BTreeMap<String, String>,
    /// Entry point.
    pub entrypoint: Vec<String>,
    /// Arguments of the entry point.
    pub cmd: Vec<String>,
}

/// Reads manifest and configuration of an image; of an index, those of the platform.
///
/// # Errors
/// When the registry cannot be reached, refuses, or has no such image for the platform.
pub async fn fetch_image(
    registry: &Registry,
    reference: &Reference,
    platform: &Platform,
) -> Result<FetchedImage, ImageError> {
    let (found, digest) = registry.manifest(reference).await?;
    let (manifest, image) = match found {
        OciManifest::Image(manifest) => (manifest, reference.clone_with_digest(digest.clone())),
        OciManifest::ImageIndex(index) => {
            let chosen = platform::choose(reference, &index, platform)?;
            member(registry, reference, &chosen).await?
        }
    };
    let config = registry.blob(&image, &manifest.config).await?;
    let config = parse_config(&config, reference)?;
    Ok(FetchedImage {
        reference: image,
        digest,
        manifest,
        config,
    })
}

/// Reads an image as [`fetch_image`] does, from a mirror of its registry first; from its own registry when no mirror has it.
/// Its layers are then where it was found.
///
/// # Errors
/// As [`fetch_image`], of its own registry.
pub async fn fetch_base(
    registry: &Registry,
    reference: &Reference,
    platform: &Platform,
    mirrors: &Mirrors,
) -> Result<FetchedImage, ImageError> {
    for copy in mirrors.of(reference) {
        match fetch_image(registry, &copy, platform).await {
            Err(error) if goes_on(&error) => {
                let origin = reference.registry();
                tracing::warn!("a mirror is passed over, {origin} is asked itself: {error}");
            }
            found => return found,
        }
    }
    fetch_image(registry, reference, platform).await
}

async fn member(
    registry: &Registry,
    index: &Reference,
    digest: &str,
) -> Result<(OciImageManifest, Reference), ImageError> {
    let image = index.clone_with_digest(digest.to_owned());
    match registry.manifest(&image).await? {
        (OciManifest::Image(manifest), _) => Ok((manifest, image)),
        (OciManifest::ImageIndex(_), _) => Err(ImageError::Unusable {
            reference: index.whole(),
            cause: "its index leads to another index".to_owned(),
        }),
    }
}

fn parse_config(bytes: &[u8], reference: &Reference) -> Result<Value, ImageError> {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(config) if config.is_object() => Ok(config),
        _ => Err(ImageError::Unusable {
            reference: reference.whole(),
            cause: "its configuration is no JSON object".to_owned(),
        }),
    }
}

/// Reads what an image says about itself.
///
/// # Errors
/// As [`fetch_image`].
pub async fn inspect(
    registry: &Registry,
    reference: &Reference,
    platform: &Platform,
) -> Result<InspectedImage, ImageError> {
    Ok(InspectedImage::from(
        &fetch_image(registry, reference, platform).await?,
    ))
}

impl From<&FetchedImage> for InspectedImage {
    fn from(image: &FetchedImage) -> Self {
        let settings = &image.config["config"];
        let labels = settings["Labels"].as_object().into_iter().flatten();
        Self {
            digest: image.digest.clone(),
            labels: labels
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect(),
            entrypoint: config::strings(settings.get("Entrypoint")),
            cmd: config::strings(settings.get("Cmd")),
        }
    }
}

impl FetchedImage {
    /// Its layers, lowest first; none when manifest and configuration do not agree about how many there are.
    pub(crate) fn layers(&self) -> Vec<LayerIdentity> {
        let diff_ids = config::strings(self.config["rootfs"].get("diff_ids"));
        let layers = &self.manifest.layers;
        if diff_ids.len() != layers.len() {
            return Vec::new();
        }
        let pairs = layers.iter().zip(diff_ids);
        pairs
            .map(|(layer, diff_id)| LayerIdentity {
                digest: layer.digest.clone(),
                diff_id,
                size: u64::try_from(layer.size).unwrap_or_default(),
                compression: media_type::compression(layer),
                content: media_type::content(layer),
            })
            .collect()
    }

    /// Whether a blob is one of its own, so that its repository has it.
    pub(crate) fn holds(&self, digest: &str) -> bool {
        let layers = self.manifest.layers.iter().map(|layer| layer.digest.as_str());
        layers
            .chain([self.manifest.config.digest.as_str()])
            .any(|held| held == digest)
    }

    /// Entry point and its arguments: what a container of this image runs.
    pub fn command(&self) -> Vec<String> {
        let inspected = InspectedImage::from(self);
        [inspected.entrypoint, inspected.cmd].concat()
    }
}
