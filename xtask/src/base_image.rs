//! `cargo xtask base-image --push REF`: the runtime double as a base image. For tests and the demo only; real apps
//! need the real runtime.

use crate::{cargo, image};
use anyhow::Result;
use mendix_tasks::image::{ConfigChanges, Entry, ImageSpec, Platform, write_layer};

/// Where the real runtime's launcher is in the official images.
const LAUNCHER: &str = "opt/mendix/runtime/launcher/runtime-double";

pub(crate) async fn run(arguments: &image::Arguments) -> Result<()> {
    let reference = push(&arguments.push, arguments.insecure).await?;
    crate::print(&reference)
}

/// Builds and pushes; returns the reference by digest.
pub(crate) async fn push(target: &str, insecure: bool) -> Result<String> {
    let binary = cargo::static_binary("runtime-double")?;
    let folders = [
        "tmp",
        "opt/mendix",
        "opt/mendix/app",
        "opt/mendix/runtime",
        "opt/mendix/runtime/launcher",
    ];
    let entries = folders
        .map(Entry::directory)
        .into_iter()
        .chain([Entry::file(LAUNCHER, 0o775, binary)]);
    let layers = vec![write_layer(entries)?];
    image::push_spec(target, insecure, |target| ImageSpec {
        target,
        base: None,
        layers,
        config: ConfigChanges {
            entrypoint: Some(vec![format!("/{LAUNCHER}"), "/opt/mendix/app".to_owned()]),
            user: Some("1001:0".to_owned()),
            working_directory: Some("/opt/mendix/app".to_owned()),
            ..ConfigChanges::default()
        },
        platform: Platform::current(),
    })
    .await
}
