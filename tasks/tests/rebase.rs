//! Another base under the layers of an app.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use axum::http::Method;
use mendix_model::task::BuildResult;
use mendix_tasks::build::{BuildError, Options, Target, build_from_file, rebase};
use mendix_tasks::image::*;
use mendix_tasks::progress::NoProgress;
use std::sync::Arc;
use support::bad_registry::{BadRegistry, Fault};
use support::base::{onto_base, push_base, push_base_as};
use support::package::write_package;
use support::registry::{TestRegistry, start};

fn layer(content: &str) -> Layer {
    write_layer([Entry::bytes("opt/mendix/runtime/x", 0o664, content)]).expect("layer")
}

/// An image of a package on `base:1`, with a layer.
async fn built(registry: &TestRegistry) -> BuildResult {
    push_base(registry, vec![layer("one")]).await;
    let folder = tempfile::tempdir().expect("folder");
    let package = write_package(folder.path());
    let (target, options) = (onto_base(&registry.host), Options::default());
    let client = registry.client();
    build_from_file(&package, &target, &client, &options, Arc::new(NoProgress))
        .await
        .expect("built")
}

/// Through a proxy, which has seen the requests of this alone then.
async fn put_on(proxy: &BadRegistry, base: &str, image: &str) -> Result<BuildResult, BuildError> {
    proxy.forget();
    let host = &proxy.server.host;
    let target = Target {
        base: format!("{host}/{base}"),
        push: format!("{host}/shop:rebased"),
        previous: Some(image.to_owned()),
        ..onto_base(host)
    };
    rebase(&target, &proxy.client(), &NoProgress).await
}

async fn fetched(registry: &TestRegistry, name: &str) -> FetchedImage {
    let reference = parse_reference(&format!("{}/{name}", registry.host)).expect("reference");
    fetch_image(&registry.client(), &reference, &Platform::current())
        .await
        .expect("image")
}

fn digests(image: &FetchedImage) -> Vec<String> {
    image
        .manifest
        .layers
        .iter()
        .map(|layer| layer.digest.clone())
        .collect()
}

#[tokio::test]
async fn the_layers_of_the_app_lie_on_the_new_base_and_are_not_sent() {
    let Some(registry) = start().await else { return };
    let first = built(&registry).await;
    push_base_as(
        &registry.client(),
        &format!("{}/base:10.24.0.73019-21", registry.host),
        "/mended",
        vec![layer("two"), layer("three")],
    )
    .await;
    let proxy = BadRegistry::before(&registry, |_, _| Fault::Nothing).await;
    let rebased = put_on(
        &proxy,
        "base:{{.MxRuntimeVersion}}-{{.JavaVersion}}",
        &first.image,
    )
    .await
    .expect("rebased");
    assert_eq!(proxy.count(&Method::PATCH), 0, "a layer was sent");
    assert_eq!(
        (&rebased.model, &rebased.command),
        (&first.model, &vec!["/mended".to_owned()])
    );
    let (before, base) = (
        fetched(&registry, "shop:1").await,
        fetched(&registry, "base:10.24.0.73019-21").await,
    );
    let after = fetched(&registry, "shop:rebased").await;
    assert_eq!(
        digests(&after),
        [digests(&base), digests(&before)[1..].to_vec()].concat()
    );
    let labels = InspectedImage::from(&after).labels;
    assert!(
        labels["org.opencontainers.image.base.name"].ends_with("/base:10.24.0.73019-21"),
        "{labels:?}"
    );
    let again = put_on(&proxy, "base:10.24.0.73019-21", &rebased.image)
        .await
        .expect("again");
    assert_eq!(again.image, rebased.image, "the same base gives the same image");
}

#[tokio::test]
async fn what_cannot_be_rebased_is_said() {
    let Some(registry) = start().await else { return };
    push_base(&registry, Vec::new()).await;
    push_base_as(
        &registry.client(),
        &format!("{}/shop:1", registry.host),
        "/foreign",
        Vec::new(),
    )
    .await;
    let foreign = fetched(&registry, "shop:1").await;
    let foreign = format!("nodes.example/shop@{}", foreign.digest);
    let proxy = BadRegistry::before(&registry, |_, _| Fault::Nothing).await;
    let sentence = |result: Result<BuildResult, BuildError>| result.expect_err("refused").to_string();
    let tag = sentence(put_on(&proxy, "base:1", "nodes.example/shop:1").await);
    assert!(tag.contains("it is not named by its digest"), "{tag}");
    let not_ours = sentence(put_on(&proxy, "base:1", &foreign).await);
    assert!(
        not_ours.contains("does not say which layers are the app's"),
        "{not_ours}"
    );
    let first = built(&registry).await;
    let no_base = sentence(put_on(&proxy, "base:gone", &first.image).await);
    assert!(no_base.contains("base:gone"), "{no_base}");
}
