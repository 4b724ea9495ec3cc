//! `kubectl mendix completion`.

use crate::cli::{Cli, CompletionArguments};
use crate::environment::Environment;
use crate::outcome::Outcome;
use clap::CommandFactory;
use std::io::Write as _;

/// Prints the completion script of a shell.
///
/// # Errors
/// Stdout is closed.
pub fn completion(arguments: &CompletionArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    // Into memory first: the generator panics when its writer fails.
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Cli::command(),
        "kubectl-mendix",
        &mut script,
    );
    environment.out.writer.write_all(&script)?;
    Ok(Outcome::Done)
}
