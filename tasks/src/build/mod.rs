//! Makes an image of a deployment package: download, check, one layer, base, push.

mod arguments;
mod assemble;
mod download;
mod error;
mod package;
mod source;

pub use arguments::BuildArguments;
pub use download::INACTIVITY;
pub use error::{BuildError, PackageError, SourceError};

use crate::image::{ImageSpec, Platform, Registry, fetch_image, inspect, parse_reference, push_image};
use crate::progress::Progress;
use mendix_model::task::BuildResult;
use package::Package;
use source::Source;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Where an image comes from and goes to.
#[derive(Clone, Debug)]
pub struct Target {
    /// Base image; `{{.MxRuntimeVersion}}` and `{{.JavaVersion}}` are filled in from the package.
    pub base: String,
    /// Repository and tag that is pushed to.
    pub push: String,
    /// Repository that nodes pull from, when it has another name for them.
    pub pull_repository: Option<String>,
    /// Platform that is taken of a base for several.
    pub platform: Platform,
}

/// Model of a package in a local file.
///
/// # Errors
/// When it is no package that can be built.
pub fn model_of_file(path: &Path) -> Result<String, BuildError> {
    Ok(Package::open(open(path)?)?.model())
}

fn open(path: &Path) -> Result<File, PackageError> {
    File::open(path).map_err(|source| PackageError::Open {
        path: path.to_owned(),
        source,
    })
}

/// Builds and pushes the image of a package in a local file.
///
/// # Errors
/// A sentence for people: the package is broken, the base image is lacking, the registry refuses.
pub async fn build_from_file(
    path: &Path,
    target: &Target,
    registry: &Registry,
    progress: Arc<dyn Progress>,
) -> Result<BuildResult, BuildError> {
    build(open(path)?, target, registry, progress).await
}

/// Does what a build pod does: downloads and builds a package, or only looks at an image that is there already.
///
/// `target` is needed for packages only. `inactivity` is how long the server of the package may send nothing.
///
/// # Errors
/// A sentence for people.
pub async fn build_from_source(
    source: &str,
    target: Option<&Target>,
    registry: &Registry,
    inactivity: Duration,
    progress: Arc<dyn Progress>,
) -> Result<BuildResult, BuildError> {
    match source::parse(source)? {
        Source::Image(reference) => adopt(&reference, registry).await,
        Source::Package(url) => {
            let target = target.ok_or(BuildError::NoTarget)?;
            let file = download::download(&url, inactivity, progress.as_ref()).await?;
            build(file, target, registry, progress).await
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
    file: File,
    target: &Target,
    registry: &Registry,
    progress: Arc<dyn Progress>,
) -> Result<BuildResult, BuildError> {
    let push = parse_reference(&target.push)?;
    let package = blocking(move || Package::open(file)).await??;
    let metadata = package.metadata.clone();
    let model = package.model();
    // The base first: packing takes long, and a base that is not there would make it vain.
    let base_name = assemble::base_name(&target.base, &metadata)?;
    let base = fetch_image(registry, &parse_reference(&base_name)?, &target.platform).await?;
    let command = assemble::command(&base_name, &base)?;
    let layer = blocking({
        let progress = Arc::clone(&progress);
        move || package.into_layer(progress.as_ref())
    })
    .await??;
    let image = ImageSpec {
        target: push,
        config: assemble::config(&metadata, &model, &base_name, &command),
        base: Some(base),
        layers: vec![layer],
        platform: target.platform.clone(),
    };
    let pushed = push_image(registry, &image, progress.as_ref()).await?;
    Ok(assemble::built(target, &pushed, model, command, metadata))
}

/// Runs work that reads and packs files beside the asynchronous threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, BuildError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| BuildError::Interrupted)
}
