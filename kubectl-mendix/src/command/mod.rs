//! One module a command.

pub mod adopt;
pub mod check;
pub mod completion;
mod declared;
pub mod deploy;
pub mod explain;
pub mod fence;
pub mod history;
pub mod intend;
pub mod plan;
pub mod protect;
pub mod rebase;
pub mod retry;
pub mod safe_rollout;
pub mod status;
pub mod undo;
pub mod unprotect;
pub mod wait;

use crate::cli::Command;
use crate::environment::Environment;
use crate::intent::app::Intent;
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
        Command::Stop(arguments) => intend::intend(Intent::Stop, &arguments, environment).await,
        Command::Start(arguments) => intend::intend(Intent::Start, &arguments, environment).await,
        Command::Pause(arguments) => intend::intend(Intent::Pause, &arguments, environment).await,
        Command::Resume(arguments) => intend::intend(Intent::Resume, &arguments, environment).await,
        Command::Restart(arguments) => intend::replace(Intent::Restart, &arguments, environment).await,
        Command::Refresh(arguments) => intend::replace(Intent::Refresh, &arguments, environment).await,
        Command::SafeRollout(arguments) => {
            Box::pin(safe_rollout::safe_rollout(*arguments, environment)).await
        }
        Command::Plan(arguments) => Box::pin(plan::plan(*arguments, environment)).await,
        Command::History(arguments) => history::history(&arguments, environment).await,
        Command::Undo(arguments) => undo::undo(&arguments, environment).await,
        Command::Wait(arguments) => wait::wait(&arguments, environment).await,
        Command::Retry(arguments) => retry::retry(&arguments, environment).await,
        Command::Rebase(arguments) => Box::pin(rebase::rebase(&arguments, environment)).await,
        Command::Check(arguments) => check::check(&arguments, environment),
        Command::Explain(arguments) => explain::explain(&arguments, environment),
        Command::Completion(arguments) => completion::completion(&arguments, environment),
    }
}
