//! What the guard refuses to begin with, and `install`.

use crate::guard::Setup;
use crate::runtime::Runtime;
use crate::start::OBEDIENT;
use rstest::rstest;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

#[rstest]
#[case::no_command("MENDIX_COMMAND", None, "MENDIX_COMMAND is not set")]
#[case::command_as_text("MENDIX_COMMAND", Some("/bin/true"), "is not a JSON list")]
#[case::missing_program(
    "MENDIX_COMMAND",
    Some(r#"["/does/not/exist"]"#),
    "failed to start /does/not/exist"
)]
#[case::program_that_is_a_folder("MENDIX_COMMAND", Some(r#"["/tmp"]"#), "(os error 13)")]
#[case::no_role("MENDIX_ROLE", None, "MENDIX_ROLE is not set")]
#[case::unknown_role("MENDIX_ROLE", Some("boss"), "neither leader nor worker")]
#[case::no_password("M2EE_ADMIN_PASS", None, "M2EE_ADMIN_PASS is not set")]
#[tokio::test]
async fn variables_are_needed(#[case] name: &str, #[case] value: Option<&str>, #[case] words: &str) {
    let runtime = Runtime::start().await;
    let mut setup = Setup::new("leader", &runtime, OBEDIENT);
    setup.variables.remove(name);
    setup
        .variables
        .extend(value.map(|value| (name.to_owned(), value.to_owned())));
    let mut guard = setup.start();
    let (code, message) = guard.end().await;
    assert_eq!(code, 1);
    assert!(message.contains(words), "{message}");
    assert_eq!(
        guard.file("log").matches(message.as_str()).count(),
        1,
        "{}",
        guard.file("log")
    );
    assert_eq!(message.matches(words).count(), 1, "{message}");
    assert_eq!(guard.file("child"), "");
}

#[tokio::test]
async fn the_document_is_needed() {
    let runtime = Runtime::start().await;
    let mut setup = Setup::new("leader", &runtime, OBEDIENT);
    setup.document = Value::Null;
    let (code, message) = setup.start().end().await;
    assert_eq!(code, 1);
    assert!(
        message.contains("configuration/runtime.json") && message.contains("mounts a Secret"),
        "{message}"
    );
}

#[tokio::test]
async fn a_malformed_document_is_not_shown() {
    let runtime = Runtime::start().await;
    let setup = Setup::new("leader", &runtime, OBEDIENT).with("settings", json!("setting-secret"));
    let mut guard = setup.start();
    let (code, message) = guard.end().await;
    assert_eq!(code, 1);
    assert!(message.contains("configuration document"), "{message}");
    assert!(!guard.file("log").contains("-secret"), "{}", guard.file("log"));
}

#[test]
fn install_copies_the_running_binary() {
    let folder = tempfile::tempdir().unwrap();
    let guard = env!("CARGO_BIN_EXE_mendix-guard");
    // Twice: an init container may be run again.
    for _ in 0..2 {
        assert!(
            Command::new(guard)
                .arg("install")
                .arg(folder.path())
                .status()
                .unwrap()
                .success()
        );
    }
    let copy = folder.path().join("mendix");
    assert_eq!(
        std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777,
        0o755
    );
    assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(guard).unwrap());
    assert!(
        Command::new(&copy)
            .arg("--help")
            .output()
            .unwrap()
            .status
            .success()
    );
}
