//! Registries that answer badly: what may pass is tried again, what is wrong is said, and no login goes astray.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use axum::http::{Method, StatusCode};
use mendix_tasks::build::{BuildError, Options, build_from_file};
use mendix_tasks::image::*;
use mendix_tasks::patience::Patience;
use mendix_tasks::progress::NoProgress;
use std::sync::Arc;
use std::time::Duration;
use support::bad_registry::{BadRegistry, Fault, Seen, VERSION_CHECK, status};
use support::base::{onto_base, push_base};
use support::package::write_package;
use support::registry::{TestRegistry, start};

fn patience() -> Patience {
    Patience {
        inactivity: Duration::from_secs(5),
        retries: 3,
        pause: Duration::from_millis(5),
    }
}

/// Builds a small package through a proxy that does this to the requests.
async fn build(
    registry: &TestRegistry,
    fault: impl Fn(&Seen, usize) -> Fault + Send + Sync + 'static,
) -> (Result<String, BuildError>, BadRegistry) {
    push_base(registry, Vec::new()).await;
    let proxy = BadRegistry::before(registry, fault).await;
    let client = proxy.client().with_patience(patience());
    let result = build_with(&proxy, &client).await;
    (result, proxy)
}

async fn build_with(proxy: &BadRegistry, client: &Registry) -> Result<String, BuildError> {
    let folder = tempfile::tempdir().expect("folder");
    let package = write_package(folder.path());
    let target = onto_base(&proxy.server.host);
    let built = build_from_file(
        &package,
        &target,
        client,
        &Options::default(),
        Arc::new(NoProgress),
    )
    .await;
    built.map(|built| built.image)
}

fn is_upload(seen: &Seen) -> bool {
    seen.path.contains("/blobs/uploads/")
}

#[tokio::test]
async fn a_busy_registry_is_asked_again() {
    let Some(registry) = start().await else { return };
    for code in [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE] {
        for method in [Method::GET, Method::POST, Method::PATCH, Method::PUT] {
            let busy = method.clone();
            let asked = Some(("retry-after", "0".to_owned()));
            let (result, proxy) = build(&registry, move |seen, before| {
                if seen.method == busy && before == 0 && seen.path != VERSION_CHECK {
                    Fault::Answer(status(code, asked.clone()))
                } else {
                    Fault::Nothing
                }
            })
            .await;
            let image = result.unwrap_or_else(|error| panic!("{method} {code}: {error}"));
            assert!(image.starts_with(&proxy.server.host), "{image}");
        }
    }
}

#[tokio::test]
async fn a_registry_that_stays_busy_is_named() {
    let Some(registry) = start().await else { return };
    let (result, proxy) = build(&registry, |seen, _| match seen.method {
        Method::PATCH => Fault::Answer(status(StatusCode::TOO_MANY_REQUESTS, None)),
        _ => Fault::Nothing,
    })
    .await;
    let text = result.expect_err("busy").to_string();
    assert!(
        text.contains("answered with HTTP 429; look into the registry's log"),
        "{text}"
    );
    // One attempt and three more, for each of the two layers of the package.
    assert_eq!(proxy.count(&Method::PATCH), 8);
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_made_again() {
    let Some(registry) = start().await else { return };
    let (result, proxy) = build(&registry, |seen, before| match seen.method {
        Method::PATCH if before == 0 => Fault::HangUp,
        _ => Fault::Nothing,
    })
    .await;
    result.expect("built");
    assert_eq!(proxy.count(&Method::PATCH), 3);
}

#[tokio::test]
async fn a_registry_that_stored_other_bytes_is_not_believed() {
    let Some(registry) = start().await else { return };
    let (result, _) = build(&registry, |seen, _| match seen.method {
        Method::PUT if is_upload(seen) => {
            Fault::Header("docker-content-digest", format!("sha256:{}", "0".repeat(64)))
        }
        _ => Fault::Nothing,
    })
    .await;
    let text = result.expect_err("lie").to_string();
    assert!(
        text.contains("says that it stored other bytes than were sent"),
        "{text}"
    );
}

#[tokio::test]
async fn a_base_whose_bytes_are_not_those_of_their_digest_is_refused() {
    let Some(registry) = start().await else { return };
    let (result, _) = build(&registry, |seen, _| {
        if seen.method == Method::GET && seen.path.contains("/blobs/sha256:") {
            Fault::Answer(axum::http::Response::new("{}".into()))
        } else {
            Fault::Nothing
        }
    })
    .await;
    let text = result.expect_err("lie").to_string();
    assert!(
        text.contains("sent bytes that are not those of their digest"),
        "{text}"
    );
}

/// A registry that sends uploads elsewhere: bytes may go there, the login may not.
#[tokio::test]
async fn logins_do_not_follow_to_other_hosts() {
    let Some(registry) = start().await else { return };
    push_base(&registry, Vec::new()).await;
    let other = Arc::new(BadRegistry::before(&registry, |_, _| Fault::Nothing).await);
    let elsewhere = format!("http://{}", other.server.host);
    let proxy = BadRegistry::before(&registry, move |seen, _| match seen.method {
        Method::POST if is_upload(seen) => {
            // One by redirect and one by name, in turn.
            Fault::Answer(status(
                StatusCode::TEMPORARY_REDIRECT,
                Some(("location", format!("{elsewhere}{}", seen.path))),
            ))
        }
        _ => Fault::Nothing,
    })
    .await;
    let folder = tempfile::tempdir().expect("folder");
    let login = format!(
        r#"{{"auths": {{"{}": {{"username": "u", "password": "hunter2"}}}}}}"#,
        proxy.server.host
    );
    std::fs::write(folder.path().join("config.json"), login).expect("login");
    let options = RegistryOptions {
        plain_http: vec![proxy.server.host.clone()],
        credentials: Credentials::from_folder(folder.path()).expect("login"),
    };
    let client = Registry::new(options).expect("client").with_patience(patience());
    build_with(&proxy, &client).await.expect("built");
    let login = |seen: &Seen| seen.authorization.is_some();
    assert!(proxy.seen().iter().any(login), "the login is used");
    let there = other.seen();
    assert!(there.iter().any(|seen| seen.method == Method::PATCH), "{there:?}");
    assert!(!there.iter().any(login), "{there:?}");
}
