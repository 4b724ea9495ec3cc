//! What people declare of an environment: written into its spec, for the controller to act on. Only the controller
//! writes claims, so a declaration has an effect only while it is true of the environment itself.

pub mod adopt;
pub mod app;
pub mod fence;
pub mod write;

use crate::environment::Environment;
use crate::failure::Failure;

/// Plural with group of environments, as RBAC writes it.
pub const ENVIRONMENTS: &str = "environments.guard.kubectl-mendix.io";

/// `environment.guard.kubectl-mendix.io/shop`, as kubectl names objects.
pub fn object_name(environment: &str) -> String {
    format!("environment.{}/{environment}", mendix_model::crd::GUARD_GROUP)
}

/// Lets a person say yes to what stands on stderr by then; `yes` says it beforehand.
///
/// # Errors
/// The answer is no, or nobody is there to answer.
pub fn confirm(environment: &mut Environment, question: &str, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    match environment.ask(question)? {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::new("nothing was changed: the answer was not yes").into()),
        None => Err(Failure::usage(
            "this needs a yes, and nobody is there to say it: stdin or stderr is no terminal",
        )
        .hint("say --yes, if it is true")
        .into()),
    }
}
