//! Puts manifest and configuration of an image together. Pure: nothing is read or sent.

use super::media_type::CONTENT_ANNOTATION;
use super::{ConfigChanges, FetchedImage, Platform, config, media_type};
use mendix_package::{LayerIdentity, sha256_digest};
use oci_client::manifest::{OciDescriptor, OciImageManifest};
use std::collections::BTreeMap;

/// What goes to the registry beside the layers.
pub(super) struct Composed {
    /// Configuration.
    pub(super) config: Blob,
    /// Manifest, whose digest is the image's.
    pub(super) manifest: Blob,
}

/// Bytes and their digest.
pub(super) struct Blob {
    pub(super) bytes: Vec<u8>,
    pub(super) digest: String,
}

impl Blob {
    fn new(bytes: Vec<u8>) -> Self {
        let digest = sha256_digest(&bytes);
        Self { bytes, digest }
    }
}

/// What an image is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    /// Image whose layers come first.
    pub(crate) base: Option<&'a FetchedImage>,
    /// Layers on top, lowest first.
    pub(crate) layers: &'a [LayerIdentity],
    /// What is set beside what the base sets.
    pub(crate) config: &'a ConfigChanges,
    /// Platform of an image without a base; a base says its own.
    pub(crate) platform: &'a Platform,
}

/// Composes an image.
///
/// # Errors
/// Only if JSON cannot be written, which the types do not allow.
pub(super) fn compose(image: &Parts<'_>) -> serde_json::Result<Composed> {
    let base_config = image.base.map(|base| &base.config);
    let settings = config::compose(base_config, image.layers, image.config, image.platform);
    let config = Blob::new(serde_json::to_vec(&settings)?);
    let manifest = OciImageManifest {
        media_type: Some(media_type::MANIFEST.to_owned()),
        config: descriptor(media_type::CONFIG, &config.digest, config.bytes.len() as u64),
        layers: layers(image.base, image.layers),
        ..OciImageManifest::default()
    };
    Ok(Composed {
        manifest: Blob::new(serde_json::to_vec(&manifest)?),
        config,
    })
}

fn layers(base: Option<&FetchedImage>, own: &[LayerIdentity]) -> Vec<OciDescriptor> {
    let base = base
        .map(|base| base.manifest.layers.as_slice())
        .unwrap_or_default();
    let renamed = base.iter().map(|layer| OciDescriptor {
        media_type: media_type::oci_layer(&layer.media_type).to_owned(),
        ..layer.clone()
    });
    renamed.chain(own.iter().map(layer)).collect()
}

/// What tells its content is written down where the digest does not.
fn layer(layer: &LayerIdentity) -> OciDescriptor {
    let content = (layer.content != layer.digest).then(|| layer.content.clone());
    OciDescriptor {
        annotations: content.map(|content| BTreeMap::from([(CONTENT_ANNOTATION.to_owned(), content)])),
        ..descriptor(media_type::of_layer(layer.compression), &layer.digest, layer.size)
    }
}

fn descriptor(media_type: &str, digest: &str, size: u64) -> OciDescriptor {
    OciDescriptor {
        media_type: media_type.to_owned(),
        digest: digest.to_owned(),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        ..OciDescriptor::default()
    }
}
