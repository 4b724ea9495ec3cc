//! Runs the binary, and the conditions that its cases need.

use super::Server;
use assert_cmd::Command;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Exit code, stdout and stderr of one run.
pub(crate) fn run(server: &Server, arguments: &[&str]) -> String {
    run_with_stdin(&server.kubeconfig(), arguments, "")
}

/// The same with another kubeconfig and something to read.
pub(crate) fn run_with_stdin(kubeconfig: &Path, arguments: &[&str], stdin: &str) -> String {
    let mut command = Command::cargo_bin("kubectl-mendix").expect("binary");
    for variable in [
        "NO_COLOR",
        "KUBERNETES_SERVICE_HOST",
        "COLUMNS",
        "HTTPS_PROXY",
        "https_proxy",
    ] {
        command.env_remove(variable);
    }
    command
        .env("KUBECONFIG", kubeconfig)
        .args(arguments)
        .write_stdin(stdin);
    let output = command.timeout(Duration::from_mins(1)).output().expect("run");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = output.status.code().expect("code");
    format!(
        "exit code {code}\n--- stdout\n{}--- stderr\n{}",
        text(&output.stdout),
        text(&output.stderr)
    )
}

/// A condition of generation 1.
pub(crate) fn condition(type_: &str, status: &str, message: &str) -> Value {
    json!({
        "type": type_, "status": status, "reason": "Test", "message": message, "observedGeneration": 1,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    })
}

/// Conditions of what is ready.
pub(crate) fn ready() -> Value {
    json!([condition("Ready", "True", "")])
}

/// Conditions of what has stalled.
pub(crate) fn stalled(message: &str) -> Value {
    json!([
        condition("Ready", "False", message),
        condition("Stalled", "True", message)
    ])
}
