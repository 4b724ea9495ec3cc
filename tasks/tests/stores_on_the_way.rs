//! What lies between a provisioner and a store of files: certificates, clocks, other servers. A real MinIO.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use rstest::rstest;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use support::certificates::Authority;
use support::files::Files;
use support::minio::{PASSWORD, TestMinio, USER};
use support::server::TestServer;
use support::trust::run_with_trust;

async fn at(endpoint: &str) -> Files {
    let shop = Files::new("s3").await;
    shop.admin(endpoint, USER, PASSWORD, None);
    shop
}

#[tokio::test]
async fn certificates_are_checked() {
    let Some(trusted) = run_with_trust("certificates_are_checked") else {
        return;
    };
    let authority = Authority::new();
    let server = TestMinio::start_certified(&authority.sign("localhost")).await;
    server.make_bucket("shared");
    let (by_name, by_number) = (
        server.url("/shared").replace("127.0.0.1", "localhost"),
        server.url("/shared"),
    );
    let text = at(&by_name).await.refused().await;
    assert!(
        text.contains("UnknownIssuer") && text.contains("trust.customCASecretName"),
        "{text}"
    );
    // As the Secret of trust.customCASecretName is mounted.
    std::fs::write(trusted.join("00000000.0"), authority.certificate()).expect("written");
    at(&by_name).await.provision().await.expect("trusted");
    let text = at(&by_number).await.refused().await;
    assert!(
        text.contains("failed to trust 127.0.0.1:") && text.contains("key storage-endpoint"),
        "{text}"
    );
    let plain = by_name.replace("https://", "http://");
    let text = at(&plain).await.refused().await;
    assert!(
        text.contains("correct scheme, host and port in key storage-endpoint"),
        "{text}"
    );
}

/// Hands requests on with a date of an hour ago, as a node whose clock is slow would send them.
async fn with_slow_clock(server: String) -> TestServer {
    let client = reqwest::Client::new();
    TestServer::start(Router::new().fallback(
        move |method: Method, uri: Uri, mut headers: HeaderMap, body: Bytes| {
            let (client, url) = (client.clone(), format!("{server}{uri}"));
            async move {
                headers.remove("host");
                let ago = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
                let date = ago.strftime("%Y%m%dT%H%M%SZ").to_string();
                headers.insert("x-amz-date", date.parse().expect("date"));
                let answer = client
                    .request(method, url)
                    .headers(headers)
                    .body(body)
                    .send()
                    .await;
                let answer = answer.expect("answer");
                (answer.status(), answer.text().await.expect("text"))
            }
        },
    ))
    .await
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named() {
    let server = TestMinio::start().await;
    server.make_bucket("shared");
    let proxy = with_slow_clock(server.url("")).await;
    let text = at(&proxy.url("/shared")).await.refused().await;
    assert!(text.contains("are more than 15 minutes apart"), "{text}");
}

#[rstest]
#[case::yes_to_all(StatusCode::OK, "gives back another file than it was given")]
#[case::page(StatusCode::NOT_FOUND, "is something else (status 404 of HTTP")]
#[case::redirect(StatusCode::FOUND, "is something else (status 302 of HTTP")]
#[case::broken(StatusCode::BAD_GATEWAY, "answers status 502 of HTTP")]
#[tokio::test]
async fn other_servers_are_found_out(#[case] status: StatusCode, #[case] part: &str) {
    let page = "<html><body>Welcome, s3cret</body></html>";
    let headers = [("location", "http://127.0.0.1:1/s3cret")];
    let server =
        TestServer::start(Router::new().fallback(move || async move { (status, headers, page) })).await;
    let text = at(&server.url("/shared")).await.refused().await;
    assert!(text.contains(part), "{text}");
}

/// Signatures let nobody in later, but the secret itself must not be on the way.
#[tokio::test]
async fn no_secret_is_sent() {
    let seen = Arc::new(Mutex::new(BTreeMap::<String, String>::new()));
    let note = Arc::clone(&seen);
    let server = TestServer::start(Router::new().fallback(
        move |uri: Uri, headers: HeaderMap, body: Bytes| {
            note.lock()
                .expect("seen")
                .insert(uri.to_string(), format!("{headers:?} {body:?}"));
            async { StatusCode::NOT_FOUND }
        },
    ))
    .await;
    for args in ["s3", "minio --share-bucket"] {
        let shop = Files::new(args).await;
        shop.admin(&server.url("/shared"), USER, PASSWORD, None);
        shop.refused().await;
    }
    let seen = seen.lock().expect("seen");
    assert!(seen.len() >= 2, "{seen:?}");
    assert!(!format!("{seen:?}").contains("s3cret"), "{seen:?}");
}
