//! A task, as a pod runs it.

use clap::Parser;
use mendix_tasks::{Command, run};
use std::process::ExitCode;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Exit code and termination message.
pub async fn task(arguments: &[&str]) -> (ExitCode, String) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("message");
    let message = path.to_str().expect("path");
    let answer = ["--termination-message", message];
    let all = ["mendix"].iter().chain(arguments).chain(&answer);
    let code = run(Cli::try_parse_from(all).expect("arguments").command)
        .await
        .expect("message");
    (code, std::fs::read_to_string(&path).expect("message"))
}
