//! A build after another one moves only what changed.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use axum::http::Method;
use mendix_tasks::build::{Options, Target, build_from_file};
use mendix_tasks::image::*;
use mendix_tasks::progress::NoProgress;
use std::path::Path;
use std::sync::Arc;
use support::bad_registry::{BadRegistry, Fault};
use support::base::push_base;
use support::registry::{TestRegistry, start};

async fn push_runtime(registry: &TestRegistry) {
    let runtime = Entry::bytes("opt/mendix/runtime/x", 0o664, "x");
    push_base(registry, vec![write_layer([runtime]).expect("layer")]).await;
}

fn write(folder: &Path, model: &[u8]) -> std::path::PathBuf {
    let library: Vec<u8> = (0..200_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let files = [
        ("model/lib/userlib/a.jar", library.as_slice()),
        ("web/img/logo.svg", b"<svg>"),
        ("web/index.html", b"<html>"),
        ("model/model.mdp", model),
    ];
    let path = folder.join("shop.mda");
    std::fs::write(&path, support::package::package(&files)).expect("package");
    path
}

/// Builds through a proxy, which has seen the requests of this build alone then; answers the image.
async fn build(proxy: &BadRegistry, package: &Path, tag: &str, previous: Option<String>) -> String {
    proxy.forget();
    let target = Target {
        base: format!("{}/base:1", proxy.server.host),
        push: format!("{}/shop:{tag}", proxy.server.host),
        pull_repository: Some("nodes.example/shop".to_owned()),
        previous,
        platform: Platform::current(),
    };
    let options = Options::default();
    let built = build_from_file(package, &target, &proxy.client(), &options, Arc::new(NoProgress)).await;
    built.expect("built").image
}

async fn layers(registry: &TestRegistry, tag: &str) -> Vec<String> {
    let image = parse_reference(&format!("{}/shop:{tag}", registry.host)).expect("reference");
    let image = fetch_image(&registry.client(), &image, &Platform::current())
        .await
        .expect("image");
    image
        .manifest
        .layers
        .into_iter()
        .map(|layer| layer.digest)
        .collect()
}

#[tokio::test]
async fn an_unchanged_package_is_not_sent_again() {
    let Some(registry) = start().await else { return };
    push_runtime(&registry).await;
    let proxy = BadRegistry::before(&registry, |_, _| Fault::Nothing).await;
    let folder = tempfile::tempdir().expect("folder");
    let package = write(folder.path(), b"model");
    let first = build(&proxy, &package, "1", None).await;
    for (tag, previous) in [("1", None), ("2", Some(first.clone()))] {
        assert_eq!(build(&proxy, &package, tag, previous).await, first);
        let seen = proxy.seen();
        assert_eq!(
            proxy.count(&Method::POST) + proxy.count(&Method::PATCH),
            0,
            "{seen:?}"
        );
        assert!(seen.len() <= 10, "{} requests: {seen:?}", seen.len());
    }
}

#[tokio::test]
async fn a_model_that_changed_is_sent_and_nothing_else() {
    let Some(registry) = start().await else { return };
    push_runtime(&registry).await;
    let proxy = BadRegistry::before(&registry, |_, _| Fault::Nothing).await;
    let folder = tempfile::tempdir().expect("folder");
    let first = build(&proxy, &write(folder.path(), b"model"), "1", None).await;
    let package = write(folder.path(), b"another model");
    let second = build(&proxy, &package, "2", Some(first)).await;
    assert_eq!(proxy.count(&Method::PATCH), 1, "{:?}", proxy.seen());
    // One for each layer that is there.
    assert_eq!(proxy.count(&Method::HEAD), 3, "{:?}", proxy.seen());

    let (before, after) = (layers(&registry, "1").await, layers(&registry, "2").await);
    assert_eq!((before.len(), &before[..4]), (5, &after[..4]));
    assert_ne!(before[4], after[4]);
    // Whatever was there before, the image is the same.
    assert_eq!(build(&proxy, &package, "3", None).await, second);
}
