//! Images of apps that start themselves, made without Docker: the runtime double as base, a package, a start script.

use crate::Package;
use anyhow::Result;
use mendix_tasks::{
    image::{
        ConfigChanges, Credentials, Entry, FetchedImage, ImageSpec, Platform, Registry, RegistryOptions,
        fetch_image, parse_reference, push_image, write_layer,
    },
    progress::NoProgress,
};
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// What an image was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// docker-mendix-buildpack: leader and workers, told apart by `CF_INSTANCE_INDEX`.
    Buildpack,
    /// A portable package: peers without a leader.
    Portable,
}

/// An image in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// `REGISTRY/NAME:TAG`: what was asked for.
    pub tag: String,
    /// `REGISTRY/NAME@sha256:…`: what is there now, whatever happens to the tag.
    pub digest: String,
}

/// The double's program in the base image, which the start scripts lead to.
const DOUBLE: &str = "/opt/mendix/runtime/launcher/runtime-double";

/// Pushes an app as `name`, such as `shop:1`. The registry has the base image `runtime-base:10.24.0`, which every
/// installed product has pushed there.
pub async fn push(registry: &str, style: Style, name: &str, package: &Package) -> Result<Image> {
    let layer = write_layer(entries(style, &package.bytes()?)?)?;
    let client = Registry::new(RegistryOptions {
        plain_http: vec![registry.to_owned()],
        credentials: Credentials::default(),
    })?;
    let tag = format!("{registry}/{name}");
    let image = ImageSpec {
        target: parse_reference(&tag)?,
        base: Some(base(&client, registry).await?),
        layers: vec![layer],
        config: config(style),
        platform: Platform::current(),
    };
    let digest = push_image(&client, &image, &NoProgress).await?.reference;
    Ok(Image { tag, digest })
}

async fn base(client: &Registry, registry: &str) -> Result<FetchedImage> {
    let base = parse_reference(&format!("{registry}/runtime-base:10.24.0"))?;
    Ok(fetch_image(client, &base, &Platform::current()).await?)
}

/// The unpacked package where the style has it, and the start script.
fn entries(style: Style, package: &[u8]) -> Result<Vec<Entry>> {
    let (folders, app, script): (&[&str], _, _) = match style {
        Style::Buildpack => (
            &["opt/mendix/build"],
            "opt/mendix/build",
            "opt/mendix/build/startup",
        ),
        Style::Portable => (
            &["mendix", "mendix/app", "mendix/bin", "mendix/etc"],
            "mendix/app",
            "mendix/bin/start",
        ),
    };
    let mut entries: Vec<_> = folders.iter().copied().map(Entry::directory).collect();
    entries.push(Entry::link(script, DOUBLE));
    let mut zip = ZipArchive::new(Cursor::new(package))?;
    for index in 0..zip.len() {
        let mut file = zip.by_index(index)?;
        let path = format!("{app}/{}", file.name()?);
        if let Some(folder) = path.strip_suffix('/') {
            entries.push(Entry::directory(folder));
        } else {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            entries.push(Entry::bytes(path, 0o664, bytes));
        }
    }
    Ok(entries)
}

/// As in the public Dockerfiles of docker-mendix-buildpack and of the documentation of portable packages.
fn config(style: Style) -> ConfigChanges {
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
    match style {
        Style::Buildpack => ConfigChanges {
            entrypoint: words(&["/opt/mendix/build/startup", "/opt/mendix/buildpack/start.py"]),
            working_directory: Some("/opt/mendix/build".to_owned()),
            environment: [("PORT".to_owned(), "8080".to_owned())].into(),
            exposed_ports: vec!["8080/tcp".to_owned()],
            ..ConfigChanges::default()
        },
        Style::Portable => ConfigChanges {
            entrypoint: words(&[]),
            cmd: words(&["./bin/start", "etc/Default"]),
            working_directory: Some("/mendix".to_owned()),
            exposed_ports: vec!["8080/tcp".to_owned(), "8090/tcp".to_owned()],
            ..ConfigChanges::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mendix_tasks::image::Content;

    #[test]
    fn the_script_leads_to_the_double_and_the_model_lies_beside_it() {
        let package = Package::new("A").bytes().expect("package");
        for (style, script, metadata) in [
            (
                Style::Buildpack,
                "opt/mendix/build/startup",
                "opt/mendix/build/model/metadata.json",
            ),
            (
                Style::Portable,
                "mendix/bin/start",
                "mendix/app/model/metadata.json",
            ),
        ] {
            let entries = entries(style, &package).expect("entries");
            let find = |path| entries.iter().find(|entry| entry.path == path);
            let script = find(script).expect("script");
            assert!(matches!(&script.content, Content::Link(target) if target == DOUBLE));
            assert!(find(metadata).is_some(), "{style:?}");
        }
    }
}
