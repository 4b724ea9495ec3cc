//! One module a command.

pub mod adopt;
pub mod check;
pub mod completion;
pub mod deploy;
pub mod explain;
pub mod fence;
pub mod protect;
pub mod status;
pub mod unprotect;

use crate::cli::Command;
use crate::environment::Environment;
use crate::outcome::Outcome;

/// Runs a command.
///
/// # Errors
/// What the command returns.
pub async fn dispatch(command: Command, environment: &mut Environment) -> anyhow::Result<Outcome> {
    match command {
        Command::Deploy(arguments) => Box::pin(deploy::deploy(&arguments, environment)).await,
        Command::Status(arguments) => status::status(&arguments, environment).await,
        Command::Protect(arguments) => Box::pin(protect::protect(&arguments, environment)).await,
        Command::Unprotect(arguments) => unprotect::unprotect(&arguments, environment).await,
        Command::Fence(arguments) => fence::fence(&arguments, environment).await,
        Command::Adopt(arguments) => adopt::adopt(&arguments, environment).await,
        Command::Check(arguments) => check::check(&arguments, environment),
        Command::Explain(arguments) => explain::explain(&arguments, environment),
        Command::Completion(arguments) => completion::completion(&arguments, environment),
    }
}
