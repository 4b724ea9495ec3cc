//! Layers that are compressed anew: the same files, and as little sent again.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use axum::http::Method;
use mendix_tasks::build::{Compression, Options, build_from_file};
use mendix_tasks::image::*;
use mendix_tasks::progress::NoProgress;
use rstest::rstest;
use std::path::Path;
use std::sync::Arc;
use support::bad_registry::{BadRegistry, Fault};
use support::base::{onto_base, push_base};
use support::package::package;
use support::registry::{TestRegistry, start};
use support::unpack::layers_on;

fn write(folder: &Path, model: &[u8]) -> std::path::PathBuf {
    let library = vec![7; 300_000];
    let path = folder.join("shop.mda");
    let files = [
        ("model/lib/userlib/a.jar", library.as_slice()),
        ("model/model.mdp", model),
    ];
    std::fs::write(&path, package(&files)).expect("package");
    path
}

/// Builds; answers how many uploads that took.
async fn build(proxy: &BadRegistry, package: &Path, compression: Compression) -> usize {
    proxy.forget();
    let options = Options {
        compression,
        ..Options::default()
    };
    let target = onto_base(&proxy.server.host);
    build_from_file(package, &target, &proxy.client(), &options, Arc::new(NoProgress))
        .await
        .expect("built");
    // The configuration is sent by POST and PUT.
    proxy.count(&Method::PATCH)
}

fn image(registry: &TestRegistry) -> Reference {
    parse_reference(&format!("{}/shop:1", registry.host)).expect("reference")
}

async fn media_types(registry: &TestRegistry) -> Vec<String> {
    let fetched = fetch_image(&registry.client(), &image(registry), &Platform::current()).await;
    let layers = fetched.expect("image").manifest.layers;
    layers.into_iter().map(|layer| layer.media_type).collect()
}

#[rstest]
#[case(Compression::Gzip, "application/vnd.oci.image.layer.v1.tar+gzip")]
#[case(Compression::Zstd, "application/vnd.oci.image.layer.v1.tar+zstd")]
#[tokio::test]
async fn only_what_has_changed_is_compressed_and_sent(#[case] anew: Compression, #[case] media_type: &str) {
    let Some(registry) = start().await else { return };
    push_base(&registry, Vec::new()).await;
    let proxy = BadRegistry::before(&registry, |_, _| Fault::Nothing).await;
    let folder = tempfile::tempdir().expect("folder");
    let first = write(folder.path(), b"one");
    assert_eq!(build(&proxy, &first, Compression::Reuse).await, 2);
    let copied = layers_on(&registry, 0, &image(&registry)).await;
    assert_eq!(
        build(&proxy, &first, anew).await,
        2,
        "another compression is another layer"
    );
    assert!(
        layers_on(&registry, 0, &image(&registry)).await == copied,
        "other files"
    );
    assert_eq!(media_types(&registry).await, [media_type, media_type]);
    assert_eq!(build(&proxy, &first, anew).await, 0, "nothing has changed");
    let second = write(folder.path(), b"two");
    assert_eq!(build(&proxy, &second, anew).await, 1, "the model has changed");
}
