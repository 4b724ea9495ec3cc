//! Servers of packages that answer ranges badly: what breaks is taken up where it stopped, what is wrong is said.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use mendix_tasks::build::{BuildError, Options, Target, build_from_file, build_from_source};
use mendix_tasks::patience::Patience;
use mendix_tasks::progress::NoProgress;
use rstest::rstest;
use std::sync::Arc;
use std::time::Duration;
use support::base::{onto_base, push_base};
use support::package::write_package;
use support::ranges::{Fault, ranges};
use support::registry::start;

fn options() -> Options {
    Options {
        patience: Patience {
            inactivity: Duration::from_secs(5),
            retries: 2,
            pause: Duration::from_millis(5),
        },
        ..Options::default()
    }
}

fn package() -> (Vec<u8>, std::path::PathBuf, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("folder");
    let path = write_package(folder.path());
    (std::fs::read(&path).expect("package"), path, folder)
}

/// The image of a package from a server, and that from a file; with the ranges that were asked for.
async fn build(
    fault: impl Fn(usize) -> Fault + Clone + Send + Sync + 'static,
) -> Option<(Result<String, BuildError>, String, Vec<(usize, usize)>)> {
    let registry = start().await?;
    let (bytes, path, _folder) = package();
    push_base(&registry, Vec::new()).await;
    let target = onto_base(&registry.host);
    let client = registry.client();
    let local = build_from_file(&path, &target, &client, &options(), Arc::new(NoProgress)).await;
    let other = Target {
        push: format!("{}/shop:2", registry.host),
        ..target
    };
    let (server, log) = ranges(bytes, fault).await;
    let url = server.url("/shop.mda?token=hunter2");
    let built = build_from_source(&url, Some(&other), &client, &options(), Arc::new(NoProgress)).await;
    let log = log.lock().expect("lock").clone();
    Some((built.map(|built| built.image), local.expect("local").image, log))
}

#[tokio::test]
async fn a_package_is_read_once_where_ranges_are_answered() {
    let Some((image, local, log)) = build(|_| Fault::Nothing).await else {
        return;
    };
    assert_eq!(image.expect("built"), local);
    let (bytes, ..) = package();
    let (head, tail) = (log[0], log[1]);
    assert_eq!((head.0, tail.1), (0, bytes.len() - 1), "{log:?}");
    let whole = log.iter().filter(|(first, last)| last - first > bytes.len() / 2);
    assert_eq!(whole.count(), 1, "{log:?}");
}

#[tokio::test]
async fn a_download_that_breaks_is_taken_up_where_it_stopped() {
    let breaking = |number| {
        if [1, 4].contains(&number) {
            Fault::Close(1000)
        } else {
            Fault::Nothing
        }
    };
    let Some((image, local, log)) = build(breaking).await else {
        return;
    };
    assert_eq!(image.expect("built"), local);
    let again = log
        .windows(2)
        .filter(|pair| pair[1] == (pair[0].0 + 1000, pair[0].1));
    assert!(again.count() >= 2, "{log:?}");
}

#[rstest]
#[case::busy(Fault::Status(503))]
#[case::limited(Fault::Status(429))]
#[case::closed(Fault::Close(0))]
#[tokio::test]
async fn what_passes_is_waited_for(#[case] fault: Fault) {
    let once = move |number| if number == 2 { fault } else { Fault::Nothing };
    let Some((image, local, _)) = build(once).await else {
        return;
    };
    assert_eq!(image.expect("built"), local);
}

#[tokio::test]
async fn more_than_was_asked_for_is_left() {
    let Some((image, local, _)) =
        build(|number| if number > 0 { Fault::Longer } else { Fault::Nothing }).await
    else {
        return;
    };
    assert_eq!(image.expect("built"), local);
}

#[rstest]
#[case::shifted(
    Fault::Shifted,
    "the server sent another part of the package than it was asked for"
)]
#[case::length(Fault::OtherLength, "the package changed while it was read")]
#[case::version(Fault::OtherVersion, "the package changed while it was read")]
#[case::gone(
    Fault::Status(404),
    "the server answered HTTP 404 Not Found; check the address"
)]
#[case::closed(Fault::Close(10), "the server ended after")]
#[tokio::test]
async fn what_does_not_pass_is_said(#[case] fault: Fault, #[case] part: &str) {
    let Some((image, ..)) = build(move |number| if number > 0 { fault } else { Fault::Nothing }).await else {
        return;
    };
    let text = image.expect_err("refused").to_string();
    assert!(text.contains(part) && !text.contains("hunter2"), "{text}");
}
