//! Makes an image of a deployment package: its layers go to the registry while the package comes in.

mod arguments;
mod assemble;
mod error;
mod open;
mod origin;
mod pack;
mod source;

pub use arguments::BuildArguments;
pub use error::{BuildError, SourceError};
pub use mendix_package::{Compression, Limits, PackageError};

use crate::image::{
    Earlier, Mirrors, Parts, Platform, Reference, Registry, complete, copy_base, fetch_base, fetch_image,
    inspect, parse_reference, tagged,
};
use crate::patience::Patience;
use crate::progress::{NoProgress, Progress};
use mendix_model::names::model_of;
use mendix_model::task::BuildResult;
use open::Package;
use origin::Origin;
use pack::{Job, pack, sum_of};
use source::Source;
use std::path::Path;
use std::sync::Arc;

/// Where an image comes from and goes to.
#[derive(Clone, Debug)]
pub struct Target {
    /// Base image; `{{.MxRuntimeVersion}}` and `{{.JavaVersion}}` are filled in from the package.
    pub base: String,
    /// Repository and tag that is pushed to.
    pub push: String,
    /// Repository that nodes pull from, when it has another name for them.
    pub pull_repository: Option<String>,
    /// An earlier image of the app, by digest: what has not changed since then is not sent again.
    pub previous: Option<String>,
    /// Platform that is taken of a base for several.
    pub platform: Platform,
}

/// How a build is done.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How much a package may unpack to.
    pub limits: Limits,
    /// How long is waited for the server of a package.
    pub patience: Patience,
    /// How layers are compressed.
    pub compression: Compression,
    /// Where base images are looked for first.
    pub mirrors: Mirrors,
}

/// Model of a package in a local file.
///
/// # Errors
/// When it is no package that can be built.
pub async fn model_of_file(path: &Path) -> Result<String, BuildError> {
    let mut origin = Origin::file(path)?;
    Package::open(&mut origin, &Limits::default(), &NoProgress).await?;
    Ok(model_of(&sum_of(&origin).await?))
}

/// Builds and pushes the image of a package in a local file.
///
/// # Errors
/// A sentence for people: the package is broken, the base image is lacking, the registry refuses.
pub async fn build_from_file(
    path: &Path,
    target: &Target,
    registry: &Registry,
    options: &Options,
    progress: Arc<dyn Progress>,
) -> Result<BuildResult, BuildError> {
    build(Origin::file(path)?, target, registry, options, progress.as_ref()).await
}

/// Does what a build pod does: downloads and builds a package, or only looks at an image that is there already.
///
/// `target` is needed for packages only.
///
/// # Errors
/// A sentence for people.
pub async fn build_from_source(
    source: &str,
    target: Option<&Target>,
    registry: &Registry,
    options: &Options,
    progress: Arc<dyn Progress>,
) -> Result<BuildResult, BuildError> {
    match source::parse(source)? {
        Source::Image(reference) => adopt(&reference, registry).await,
        Source::Package(url) => {
            let target = target.ok_or(BuildError::NoTarget)?;
            let origin = Origin::web(url, &options.patience).await?;
            build(origin, target, registry, options, progress.as_ref()).await
        }
    }
}

/// An image that exists is used as it is.
async fn adopt(reference: &str, registry: &Registry) -> Result<BuildResult, BuildError> {
    let reference = parse_reference(reference)?;
    let image = inspect(registry, &reference, &Platform::current()).await?;
    assemble::adopted(&reference, &image)
}

async fn build(
    mut origin: Origin,
    target: &Target,
    registry: &Registry,
    options: &Options,
    progress: &dyn Progress,
) -> Result<BuildResult, BuildError> {
    let push = parse_reference(&target.push)?;
    let push = tagged(&push)?;
    let package = Package::open(&mut origin, &options.limits, progress).await?;
    // The base first: packing takes long, and a base that is not there would make it vain.
    let base_name = assemble::base_name(&target.base, &package.metadata)?;
    let base_image = parse_reference(&base_name)?;
    let base = fetch_base(registry, &base_image, &target.platform, &options.mirrors).await?;
    let command = assemble::command(&base_name, &base)?;
    let earlier = earlier(registry, push, target).await;
    let earlier = earlier.as_ref();
    copy_base(registry, &base, push, earlier, progress).await?;
    let known = earlier.map(|earlier| earlier.image.layers()).unwrap_or_default();
    let packed = pack(&Job {
        origin: &origin,
        package: &package,
        registry,
        target: push,
        compression: options.compression,
        known: &known,
        progress,
    })
    .await?;
    let model = model_of(&packed.sum);
    let config = assemble::config(&package.metadata, &model, &base_name, &command);
    let parts = Parts {
        base: Some(&base),
        layers: &packed.layers,
        config: &config,
        platform: &target.platform,
    };
    let pushed = complete(registry, push, &parts, earlier).await?;
    Ok(assemble::built(target, &pushed, model, command, package.metadata))
}

/// The earlier image that is named, else what the tag names. Without one all is sent: no reason to fail.
async fn earlier(registry: &Registry, push: &Reference, target: &Target) -> Option<Earlier> {
    let named = target
        .previous
        .as_deref()
        .and_then(|image| assemble::in_repository(push, image));
    let reference = named.as_ref().unwrap_or(push);
    match fetch_image(registry, reference, &target.platform).await {
        Ok(image) => Some(Earlier {
            image,
            tagged: named.is_none(),
        }),
        Err(error) => {
            tracing::debug!("no earlier image: {error}");
            None
        }
    }
}
