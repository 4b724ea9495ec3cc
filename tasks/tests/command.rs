//! The command line of a task pod: exit code and termination message.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use mendix_model::task::BuildResult;
use mendix_tasks::image::*;
use mendix_tasks::progress::NoProgress;
use std::process::ExitCode;
use support::command::task;
use support::registry::start;

#[tokio::test]
async fn a_failed_task_says_why() {
    let source = "http://127.0.0.1:1/shop.mda?token=hunter2";
    let images = [
        "--base-image",
        "r.example/base:1",
        "--push-image",
        "r.example/shop:1",
    ];
    let (code, message) = task(&[&["build", "--source-url", source], &images[..]].concat()).await;
    assert_eq!(code, ExitCode::FAILURE);
    assert!(
        message.starts_with("failed to download http://127.0.0.1:1/shop.mda: "),
        "{message}"
    );
    assert!(!message.contains("hunter2"), "{message}");
}

#[tokio::test]
async fn a_task_that_is_told_too_little_says_what_is_missing() {
    let (code, message) = task(&["build"]).await;
    assert_eq!(code, ExitCode::FAILURE);
    assert!(
        message.contains("variable MENDIX_SOURCE_URL is not set"),
        "{message}"
    );
    let (code, message) = task(&["deprovision", "postgres", "--namespace", "team"]).await;
    assert_eq!(code, ExitCode::FAILURE);
    assert!(
        message.contains("variable MENDIX_ENVIRONMENT is not set"),
        "{message}"
    );
}

#[tokio::test]
async fn a_build_answers_in_json() {
    let Some(registry) = start().await else { return };
    let name = format!("{}/shop:1", registry.host);
    let image = ImageSpec {
        target: parse_reference(&name).expect("name"),
        base: None,
        layers: vec![write_layer([Entry::bytes("x", 0o664, "x")]).expect("layer")],
        config: ConfigChanges {
            entrypoint: Some(vec!["/run".into()]),
            ..ConfigChanges::default()
        },
        platform: Platform::current(),
    };
    let pushed = push_image(&registry.client(), &image, &NoProgress)
        .await
        .expect("push");
    let source = format!("oci-image://{name}");
    let (code, message) = task(&["build", "--source-url", &source, "--registry-insecure", "true"]).await;
    assert_eq!(code, ExitCode::SUCCESS, "{message}");
    let result: BuildResult = serde_json::from_str(&message).expect("answer");
    assert_eq!(
        (result.image, result.command),
        (pushed.reference, vec!["/run".to_owned()])
    );
}
