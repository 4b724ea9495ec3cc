//! `cargo xtask image --push REF`: the one static binary as an OCI image, made by the product's own layer code.

use crate::{authorities, cargo};
use anyhow::Result;
use mendix_tasks::{
    image::{
        ConfigChanges, Credentials, Entry, ImageSpec, Platform, Reference, Registry, RegistryOptions,
        parse_reference, push_image, write_layer,
    },
    progress::NoProgress,
};

/// User of the image: a number, so that a kubelet can see that it is not root, and group 0.
const USER: &str = "65532:0";

/// Builds an image and pushes it.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Repository and tag, such as `registry.example.com/mendix:0.1.0`.
    #[arg(long, value_name = "REF")]
    pub(crate) push: String,
    /// Speak plain HTTP with the registry; registries on this machine and of its own clusters need no flag.
    #[arg(long)]
    pub(crate) insecure: bool,
}

/// Builds the binary, makes the image and prints its reference by digest.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let reference = push(&arguments.push, arguments.insecure).await?;
    crate::print(&reference)
}

/// Builds and pushes; returns the reference by digest.
pub(crate) async fn push(target: &str, insecure: bool) -> Result<String> {
    let binary = cargo::static_binary("mendix")?;
    let layers = vec![write_layer([
        Entry::directory("tmp"),
        Entry::bytes(authorities::PATH, 0o664, authorities::bundle()),
        Entry::file("mendix", 0o775, binary),
    ])?];
    push_spec(target, insecure, |target| ImageSpec {
        target,
        base: None,
        layers,
        config: ConfigChanges {
            entrypoint: Some(vec!["/mendix".to_owned()]),
            user: Some(USER.to_owned()),
            labels: labels(),
            ..ConfigChanges::default()
        },
        platform: Platform::current(),
    })
    .await
}

/// Pushes an image to `target`; returns the reference by digest.
pub(crate) async fn push_spec(
    target: &str,
    insecure: bool,
    spec: impl FnOnce(Reference) -> ImageSpec,
) -> Result<String> {
    let target = parse_reference(target)?;
    let host = target.registry().to_owned();
    let plain_http = if insecure || is_local(&host) {
        vec![host]
    } else {
        Vec::new()
    };
    let registry = Registry::new(RegistryOptions {
        plain_http,
        credentials: Credentials::from_environment()?,
    })?;
    Ok(push_image(&registry, &spec(target), &NoProgress).await?.reference)
}

fn labels() -> std::collections::BTreeMap<String, String> {
    [
        ("org.opencontainers.image.title", "kubectl-mendix"),
        ("org.opencontainers.image.version", env!("CARGO_PKG_VERSION")),
        ("org.opencontainers.image.licenses", "Apache-2.0"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

/// Registries without certificates: on loopback, or of a cluster that this repository started.
fn is_local(registry: &str) -> bool {
    ["localhost:", "127.", "10.89."]
        .iter()
        .any(|start| registry.starts_with(start))
}
