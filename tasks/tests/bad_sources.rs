//! Bad input: each kind ends in a sentence that says what failed, why, and what to do.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use axum::Router;
use axum::http::StatusCode;
use mendix_tasks::build::{Options, Target, build_from_source};
use mendix_tasks::image::{Credentials, Platform, Registry, RegistryOptions};
use mendix_tasks::patience::Patience;
use mendix_tasks::progress::NoProgress;
use rstest::rstest;
use std::sync::Arc;
use std::time::Duration;
use support::package;
use support::server::TestServer;

/// Builds from an address while no registry is there: the source is looked at first.
async fn sentence(source: &str, registry: &str) -> String {
    let options = RegistryOptions {
        plain_http: vec![registry.to_owned()],
        credentials: Credentials::default(),
    };
    let client = Registry::new(options).expect("client");
    let target = Target {
        base: format!("{registry}/base:1"),
        push: format!("{registry}/shop:1"),
        pull_repository: None,
        previous: None,
        platform: Platform::current(),
    };
    let options = Options {
        patience: patience(),
        ..Options::default()
    };
    let client = client.with_patience(patience());
    let result = build_from_source(source, Some(&target), &client, &options, Arc::new(NoProgress)).await;
    let text = result.expect_err("refused").to_string();
    assert!(text.starts_with("failed to ") && text.contains("; "), "{text}");
    assert!(!text.contains("hunter2") && !text.contains('\n'), "{text}");
    text
}

fn patience() -> Patience {
    Patience {
        inactivity: Duration::from_secs(1),
        retries: 2,
        pause: Duration::from_millis(10),
    }
}

const NOWHERE: &str = "127.0.0.1:1";

#[rstest]
#[case(
    "/gone.mda",
    "/gone.mda: the server answered HTTP 404 Not Found; check the address"
)]
#[case(
    "/broken.mda",
    "the server answered HTTP 500 Internal Server Error; try again later"
)]
#[case(
    "/forbidden.mda",
    "the server answered HTTP 403 Forbidden; check that the address still gives access"
)]
#[case("/page.mda", "it is a web page, perhaps a login or an error page")]
#[case("/text.mda", "it is no zip file")]
#[case("/stall.mda", "the server stopped sending after")]
#[case(
    "/cut.mda",
    "it is truncated or damaged, for its table of contents is missing"
)]
#[case("/loop.mda", "it redirects without end")]
#[tokio::test]
async fn bad_servers_are_explained(#[case] path: &str, #[case] part: &str) {
    let server = TestServer::packages(package::package(&[("web/x", &vec![7; 100_000])])).await;
    let text = sentence(&server.url(&format!("{path}?token=hunter2")), NOWHERE).await;
    assert!(text.contains(part), "{text}");
}

#[tokio::test]
async fn a_connection_that_breaks_is_explained() {
    let server = TestServer::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nPK\x03\x04".to_vec()).await;
    let text = sentence(&server.url("/shop.mda?token=hunter2"), NOWHERE).await;
    assert!(
        text.contains("the server ended after 4 of 1000 bytes, so the package is truncated"),
        "{text}"
    );
}

#[tokio::test]
async fn servers_that_are_not_there_are_explained() {
    let text = sentence("http://user:hunter2@127.0.0.1:1/shop.mda", NOWHERE).await;
    assert!(
        text.contains("failed to download http://127.0.0.1:1/shop.mda") && text.contains("refused"),
        "{text}"
    );
    let text = sentence("https://nothing.invalid/hunter2/shop.mda", NOWHERE).await;
    assert!(text.contains("https://nothing.invalid/…/shop.mda"), "{text}");
    let server = TestServer::packages(package::package(&[])).await;
    let text = sentence(&server.url("/good.mda").replace("http:", "https:"), NOWHERE).await;
    assert!(
        text.contains("the server answers with plain HTTP, not HTTPS"),
        "{text}"
    );
}

#[rstest]
#[case(package::renamed("aa/x", "../x", &[]), "entry \"../x\" leads out of the app's folder")]
#[case(package::renamed("aetc/passwd", "/etc/passwd", &[]), "entry \"/etc/passwd\" has an absolute name")]
#[case(package::renamed("web_x.js", "web\\x.js", &[]), "has a backslash in its name")]
#[case(package::renamed("web/a.js", "web/b.js", &[("web/b.js", b"b")]), "entry \"web/b.js\" is there twice")]
#[case(package::renamed("web/.xx.a", "web/.wh.a", &[]), "entry \"web/.wh.a\" would delete files of the base image")]
#[case(package::with_link(), "entry \"web/link\" is a symbolic link")]
#[case(package::without_metadata(), "it has no entry \"model/metadata.json\"")]
#[case(package::package_with("{}", &[]), "failed to read entry \"model/metadata.json\" of the package: missing field `RuntimeVersion`")]
#[tokio::test]
async fn bad_packages_are_explained(#[case] bytes: Vec<u8>, #[case] part: &str) {
    let server = TestServer::packages(bytes).await;
    let text = sentence(&server.url("/good.mda"), NOWHERE).await;
    assert!(text.contains(part), "{text}");
}

/// A registry with a base image in it that takes nothing.
async fn refusing_registry(status: StatusCode, body: &'static str) -> TestServer {
    let config = r#"{"os": "linux", "architecture": "amd64", "config": {"Entrypoint": ["/run"]}, "rootfs": {"type": "layers", "diff_ids": []}}"#;
    let sum = support::sha256_hex(config.as_bytes());
    let manifest = format!(
        r#"{{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [],
        "config": {{"mediaType": "application/vnd.oci.image.config.v1+json", "size": {}, "digest": "sha256:{sum}"}}}}"#,
        config.len()
    );
    let blob = format!("/v2/base/blobs/sha256:{sum}");
    let router = Router::new()
        .route("/v2/", axum::routing::get(|| async { "{}" }))
        .route(
            "/v2/base/manifests/1",
            axum::routing::get(move || async move { manifest }),
        )
        .route(&blob, axum::routing::get(move || async move { config }))
        .route(
            "/v2/shop/blobs/{digest}",
            axum::routing::head(|| async { StatusCode::NOT_FOUND }),
        )
        .fallback(move || async move { (status, body) });
    TestServer::start(router).await
}

#[rstest]
#[case(
    StatusCode::FORBIDDEN,
    r#"{"errors": [{"code": "DENIED", "message": "read only"}]}"#,
    "/shop:1: registry REGISTRY refused it with HTTP 403: read only; check the registry credentials and their right to push"
)]
#[case(
    StatusCode::UNAUTHORIZED,
    "",
    "refused it with HTTP 401; check the registry credentials"
)]
#[case(
    StatusCode::INSUFFICIENT_STORAGE,
    "<html>",
    "registry REGISTRY answered with HTTP 507; look into the registry's log"
)]
#[tokio::test]
async fn a_registry_that_refuses_the_push_is_named(
    #[case] status: StatusCode,
    #[case] body: &'static str,
    #[case] part: &str,
) {
    let server = TestServer::packages(package::package(&[])).await;
    let registry = refusing_registry(status, body).await;
    let text = sentence(&server.url("/good.mda"), &registry.host).await;
    assert!(text.contains("failed to push"), "{text}");
    assert!(text.contains(&part.replace("REGISTRY", &registry.host)), "{text}");
}

#[tokio::test]
async fn a_base_image_that_is_lacking_is_named() {
    let server = TestServer::packages(package::package(&[])).await;
    let registry = TestServer::start(Router::new()).await;
    let text = sentence(&server.url("/good.mda"), &registry.host).await;
    assert!(
        text.contains(&format!(
            "failed to find image {}/base:1 in its registry",
            registry.host
        )),
        "{text}"
    );
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_named() {
    let server = TestServer::packages(package::package(&[])).await;
    let text = sentence(&server.url("/good.mda"), NOWHERE).await;
    assert!(
        text.contains("failed to reach registry 127.0.0.1:1: ") && text.contains("refused"),
        "{text}"
    );
}

/// The checksum is only known to be wrong once the entry is packed, which is after the base was found.
#[tokio::test]
async fn a_damaged_entry_is_named() {
    let bytes = package::replace(
        package::package(&[("web/index.html", b"<p>text</p>")]),
        b"<p>text</p>",
        b"<p>TEXT</p>",
    );
    let server = TestServer::packages(bytes).await;
    let registry = refusing_registry(StatusCode::FORBIDDEN, "").await;
    let text = sentence(&server.url("/good.mda"), &registry.host).await;
    assert!(
        text.contains("entry \"web/index.html\" is damaged (its checksum is wrong)"),
        "{text}"
    );
}
