//! Asks a program for the credentials of a registry.
//!
//! Source: docker/docker-credential-helpers, README, "Development" (<https://github.com/docker/docker-credential-helpers>):
//! `docker-credential-NAME get`, the registry on its input, JSON on its output.

use super::credentials::Written;
use super::login::{LoginError, Secret};
use serde::Deserialize;
use std::io;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

/// A helper may ask a vendor, or a person.
const LIMIT: Duration = Duration::from_mins(1);
/// How helpers say that they know nothing of a registry.
const UNKNOWN: &str = "credentials not found";
/// User of a token that is no password.
const TOKEN: &str = "<token>";
const REMEDY: &str = "run `docker-credential-NAME get` by hand, or log in with `docker login`";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// What the helper knows; of one that is not for this registry alone, nothing is as good an answer as any.
pub(super) async fn ask(helper: &str, server: &str, own: bool) -> Result<Written, LoginError> {
    let program = format!("docker-credential-{helper}");
    // A name with a path would run whatever it points at.
    if helper.contains(['/', '\\']) {
        return Err(failed(&program, "is no name of a program"));
    }
    let answered = timeout(LIMIT, run(&program, server)).await;
    let cause = format!("gave no answer for {} s", LIMIT.as_secs());
    let output = answered.map_err(|_| failed(&program, &cause))?;
    let output = output.map_err(|error| failed(&program, &format!("cannot be run ({error})")))?;
    read(&program, &output, own)
}

async fn run(program: &str, server: &str) -> io::Result<Output> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // One that wants no input has ended by then; what it said counts.
        let _ = input.write_all(format!("{server}\n").as_bytes()).await;
    }
    child.wait_with_output().await
}

/// What it printed is told to nobody: it may be the secret.
fn read(program: &str, output: &Output, own: bool) -> Result<Written, LoginError> {
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        return match said.contains(UNKNOWN) {
            true if own => Err(failed(program, "knows no credentials for it")),
            true => Ok(Written::Nothing),
            false => Err(failed(program, &format!("failed ({})", output.status))),
        };
    }
    let answer: Answer = serde_json::from_slice(&output.stdout).map_err(|_| {
        failed(
            program,
            "gave an answer that is not of the form of credential helpers",
        )
    })?;
    let secret = Secret(answer.secret);
    Ok(if answer.username == TOKEN {
        Written::Token(secret)
    } else {
        Written::Password(answer.username, secret)
    })
}

fn failed(program: &str, cause: &str) -> LoginError {
    LoginError::failed("Docker's credential helper", format!("{program} {cause}"), REMEDY)
}
