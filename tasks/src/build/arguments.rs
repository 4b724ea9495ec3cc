//! What a build pod is told.

use super::{BuildError, Compression, Limits, Options, Target, build_from_source};
use crate::image::{
    Credentials, Identity, Mirrors, Platform, Reference, Registry, RegistryOptions, parse_reference,
};
use crate::progress::LogProgress;
use crate::settings::{SettingsError, required};
use clap::Args;
use mendix_model::task::{BuildResult, REGISTRY_FOLDER, variable};
use std::path::PathBuf;
use std::sync::Arc;

/// What a build pod is told; each flag has its variable.
#[derive(Args, Clone, Debug)]
pub struct BuildArguments {
    /// Package (http, https) or image (oci-image) to build from.
    // Not shown in help: it may hold a token.
    #[arg(long, env = variable::SOURCE_URL, hide_env_values = true)]
    source_url: Option<String>,
    /// Base image, with placeholders.
    #[arg(long, env = variable::BASE_IMAGE)]
    base_image: Option<String>,
    /// Repository and tag to push.
    #[arg(long, env = variable::PUSH_IMAGE)]
    push_image: Option<String>,
    /// Repository that nodes pull from.
    #[arg(long, env = variable::PULL_REPOSITORY)]
    pull_repository: Option<String>,
    /// Earlier image of the app, by digest.
    #[arg(long, env = variable::PREVIOUS_IMAGE)]
    previous_image: Option<String>,
    /// `true`: plain HTTP towards the registry.
    #[arg(long, env = variable::REGISTRY_INSECURE)]
    registry_insecure: Option<String>,
    /// Folder with Docker's config.json.
    #[arg(long, default_value = REGISTRY_FOLDER, hide = true)]
    registry_folder: PathBuf,
    /// Where base images are looked for first: REGISTRY=MIRROR, such as docker.io=mirror.example.com/hub; several with commas.
    #[arg(long, env = "MENDIX_REGISTRY_MIRRORS")]
    registry_mirrors: Option<Mirrors>,
    /// How layers are compressed: reuse, gzip-recompress or zstd.
    #[arg(long, env = "MENDIX_COMPRESSION", default_value_t)]
    compression: Compression,
    #[command(flatten)]
    limits: LimitArguments,
}

/// How much a package may unpack to; what is not said stays as it is.
#[derive(Args, Clone, Debug)]
struct LimitArguments {
    /// Most bytes that a package may unpack to.
    #[arg(long = "max-unpacked-bytes", env = "MENDIX_MAX_UNPACKED_BYTES")]
    unpacked_bytes: Option<u64>,
    /// How many times larger than packed an entry, or the whole package, may be.
    #[arg(long = "max-unpacked-ratio", env = "MENDIX_MAX_UNPACKED_RATIO")]
    unpacked_ratio: Option<u64>,
    /// Most files and folders that a package may hold.
    #[arg(long = "max-entries", env = "MENDIX_MAX_ENTRIES")]
    entries: Option<u64>,
}

impl LimitArguments {
    fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            unpacked: self.unpacked_bytes.unwrap_or(usual.unpacked),
            ratio: self.unpacked_ratio.unwrap_or(usual.ratio),
            entries: self.entries.unwrap_or(usual.entries),
        }
    }
}

impl BuildArguments {
    /// Builds as told.
    ///
    /// # Errors
    /// A sentence for people.
    pub async fn build(&self) -> Result<BuildResult, crate::TaskError> {
        let source = required(self.source_url.as_deref(), variable::SOURCE_URL)?;
        let registry = Registry::new(self.registry_options(source)?).map_err(BuildError::from)?;
        let registry = registry.with_identity(Identity::from_environment());
        let target = self.target(source)?;
        let progress = Arc::new(LogProgress::default());
        let options = Options {
            limits: self.limits.limits(),
            compression: self.compression,
            mirrors: self.registry_mirrors.clone().unwrap_or_default(),
            ..Options::default()
        };
        Ok(build_from_source(source, target.as_ref(), &registry, &options, progress).await?)
    }

    fn target(&self, source: &str) -> Result<Option<Target>, SettingsError> {
        if source.starts_with("oci-image://") {
            return Ok(None);
        }
        Ok(Some(Target {
            base: required(self.base_image.as_deref(), variable::BASE_IMAGE)?.to_owned(),
            push: required(self.push_image.as_deref(), variable::PUSH_IMAGE)?.to_owned(),
            pull_repository: self
                .pull_repository
                .clone()
                .filter(|repository| !repository.is_empty()),
            previous: self.previous_image.clone(),
            platform: Platform::current(),
        }))
    }

    fn registry_options(&self, source: &str) -> Result<RegistryOptions, BuildError> {
        let credentials = Credentials::from_folder(&self.registry_folder)?;
        let insecure = self.registry_insecure.as_deref() == Some("true");
        let mut plain_http = if insecure {
            self.registry_hosts(source)
        } else {
            Vec::new()
        };
        let mirrors = self.registry_mirrors.iter();
        plain_http.extend(mirrors.flat_map(Mirrors::plain_http));
        Ok(RegistryOptions {
            plain_http,
            credentials,
        })
    }

    /// Hosts of the one registry that is marked insecure: pods and nodes may have different names for it. A base
    /// image of another registry is still fetched with TLS.
    fn registry_hosts(&self, source: &str) -> Vec<String> {
        let images = [
            self.push_image.as_deref(),
            self.pull_repository.as_deref(),
            source.strip_prefix("oci-image://"),
        ];
        let references = images
            .into_iter()
            .flatten()
            .filter_map(|name| parse_reference(name).ok());
        references
            .map(|reference: Reference| reference.registry().to_owned())
            .collect()
    }
}
