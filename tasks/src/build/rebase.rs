//! Another base under the layers of an app, by manifest alone: no package is needed, and no layer of the app is read.

use super::{BuildError, Target, assemble};
use crate::image::{Earlier, FetchedImage, LayerIdentity, Parts, Registry, complete, copy_base, fetch_image};
use crate::image::{parse_reference, tagged};
use crate::progress::Progress;
use mendix_model::names::OWN_LAYERS_LABEL;
use mendix_model::task::BuildResult;

/// Puts the image `target.previous` on `target.base`, as `target.push`. Its model stays the same, so that this is rolled
/// out as other settings are.
///
/// # Errors
/// A sentence for people: the image is not one that a build of ours has made, the base is lacking, the registry refuses.
pub async fn rebase(
    target: &Target,
    registry: &Registry,
    progress: &dyn Progress,
) -> Result<BuildResult, BuildError> {
    let push = parse_reference(&target.push)?;
    let push = tagged(&push)?;
    let image = target.previous.as_deref().unwrap_or_default();
    let here = assemble::in_repository(push, image).ok_or_else(|| BuildError::NotByDigest {
        image: image.to_owned(),
    })?;
    let image = fetch_image(registry, &here, &target.platform).await?;
    let own = own_layers(&image).ok_or_else(|| BuildError::NotOurs { image: here.whole() })?;
    let made = assemble::made(&image, &here)?;
    let base_name = assemble::base_name(&target.base, &made.metadata)?;
    let base = fetch_image(registry, &parse_reference(&base_name)?, &target.platform).await?;
    let command = assemble::command(&base_name, &base)?;
    let earlier = Earlier { image, tagged: false };
    copy_base(registry, &base, push, Some(&earlier), progress).await?;
    let parts = Parts {
        base: Some(&base),
        layers: &own,
        config: &assemble::config(&made.metadata, &made.model, &base_name, &command, own.len()),
        platform: &target.platform,
    };
    let pushed = complete(registry, push, &parts, Some(&earlier)).await?;
    Ok(assemble::built(
        target,
        &pushed,
        made.model,
        command,
        made.metadata,
    ))
}

/// The layers on top of the base; nothing when the image does not say how many they are.
fn own_layers(image: &FetchedImage) -> Option<Vec<LayerIdentity>> {
    let count: usize = image.label(OWN_LAYERS_LABEL)?.parse().ok()?;
    let layers = image.layers();
    let first = layers.len().checked_sub(count)?;
    Some(layers[first..].to_vec())
}
