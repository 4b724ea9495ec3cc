//! Composes an image and pushes it.

use super::compose::{Composed, Parts, compose};
use super::{ConfigChanges, FetchedImage, ImageError, Layer, Platform, Registry};
use crate::progress::Progress;
use oci_client::Reference;
use oci_client::manifest::OciDescriptor;

/// An image to be.
#[derive(Debug)]
pub struct ImageSpec {
    /// Repository and tag that is pushed to.
    pub target: Reference,
    /// Image whose layers come first: see [`super::fetch_image`].
    pub base: Option<FetchedImage>,
    /// Layers on top, lowest first.
    pub layers: Vec<Layer>,
    /// What is set beside what the base sets.
    pub config: ConfigChanges,
    /// Platform of an image without a base; a base says its own.
    pub platform: Platform,
}

/// An image that the repository has already.
#[derive(Clone, Debug)]
pub(crate) struct Earlier {
    pub(crate) image: FetchedImage,
    /// Whether the tag that is pushed to names it.
    pub(crate) tagged: bool,
}

/// An image in its registry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PushedImage {
    /// `registry/repository@sha256:…`.
    pub reference: String,
    /// `sha256:…`, the same for the same base, layers and configuration.
    pub digest: String,
}

/// Pushes an image.
///
/// Blobs go first and the manifest last: a push that is broken off leaves the tag as it was.
///
/// # Errors
/// When a registry cannot be reached, refuses, or lacks a layer of the base.
pub async fn push_image(
    registry: &Registry,
    image: &ImageSpec,
    progress: &dyn Progress,
) -> Result<PushedImage, ImageError> {
    let target = tagged(&image.target)?;
    if let Some(base) = &image.base {
        copy_base(registry, base, target, None, progress).await?;
    }
    for layer in &image.layers {
        if !registry.has(target, &layer.identity.digest).await? {
            registry.send_layer(target, layer, progress).await?;
        }
    }
    let layers: Vec<_> = image.layers.iter().map(|layer| layer.identity.clone()).collect();
    let parts = Parts {
        base: image.base.as_ref(),
        layers: &layers,
        config: &image.config,
        platform: &image.platform,
    };
    complete(registry, target, &parts, None).await
}

/// Pushes configuration and manifest of an image whose layers are all there. What an earlier image in the same
/// repository holds is there, and is not sent again.
pub(crate) async fn complete(
    registry: &Registry,
    target: &Reference,
    parts: &Parts<'_>,
    earlier: Option<&Earlier>,
) -> Result<PushedImage, ImageError> {
    let Composed { config, manifest } = compose(parts).map_err(|error| ImageError::Unusable {
        reference: target.whole(),
        cause: error.to_string(),
    })?;
    if !earlier.is_some_and(|earlier| earlier.image.holds(&config.digest)) {
        registry.send_bytes(target, &config.digest, config.bytes).await?;
    }
    if !earlier.is_some_and(|earlier| earlier.tagged && earlier.image.digest == manifest.digest) {
        registry.put_manifest(target, manifest.bytes).await?;
    }
    Ok(PushedImage {
        reference: format!(
            "{}/{}@{}",
            target.registry(),
            target.repository(),
            manifest.digest
        ),
        digest: manifest.digest,
    })
}

/// The reference, if an image can be pushed to it.
pub(crate) fn tagged(target: &Reference) -> Result<&Reference, ImageError> {
    match (target.tag(), target.digest()) {
        (Some(_), None) => Ok(target),
        _ => Err(ImageError::NoTag {
            reference: target.whole(),
        }),
    }
}

/// Brings the layers of a base into the repository of the target, but for those that an earlier image there holds.
pub(crate) async fn copy_base(
    registry: &Registry,
    base: &FetchedImage,
    target: &Reference,
    earlier: Option<&Earlier>,
    progress: &dyn Progress,
) -> Result<(), ImageError> {
    let layers = base.manifest.layers.iter();
    for layer in layers.filter(|layer| !earlier.is_some_and(|earlier| earlier.image.holds(&layer.digest))) {
        copy_layer(registry, &base.reference, target, layer, progress).await?;
    }
    Ok(())
}

async fn copy_layer(
    registry: &Registry,
    base: &Reference,
    target: &Reference,
    layer: &OciDescriptor,
    progress: &dyn Progress,
) -> Result<(), ImageError> {
    if registry.has(target, &layer.digest).await? {
        return Ok(());
    }
    let same_registry = base.registry() == target.registry();
    if same_registry && registry.mount(target, base, &layer.digest).await {
        return Ok(());
    }
    registry.copy(base, target, layer, progress).await
}
