//! How a command ended, for people and for scripts.

use crate::environment::Environment;
use crate::failure::Failure;
use std::io;
use std::process::ExitCode;

/// How a command ended. Scripts rely on the numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Done, or healthy: 0.
    Done,
    /// Could not be done: 1.
    Failed,
    /// Wrong usage: 2, as clap ends.
    Usage,
    /// Not healthy, or not in time: 3.
    Degraded,
    /// Refused by an invariant: 4.
    Refused,
    /// A plan has steps: 10.
    Changes,
}

impl Outcome {
    /// The exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Degraded => 3,
            Self::Refused => 4,
            Self::Changes => 10,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome.code())
    }
}

/// Says on stderr why a command failed, and decides its exit code.
pub fn report(result: anyhow::Result<Outcome>, environment: &mut Environment) -> Outcome {
    let error = match result {
        Ok(outcome) => return outcome,
        Err(error) => error,
    };
    if is_broken_pipe(&error) {
        // The reader has seen enough: `kubectl mendix status | head -1`.
        return Outcome::Done;
    }
    let failure = error.downcast_ref::<Failure>();
    environment.error(&with_causes(&error));
    for hint in failure
        .map(|failure| failure.hints.as_slice())
        .unwrap_or_default()
    {
        environment.hint(hint);
    }
    failure.map_or(Outcome::Failed, |failure| failure.outcome)
}

/// The message with its causes, each once: messages of libraries often repeat the cause that they carry.
fn with_causes(error: &anyhow::Error) -> String {
    error
        .chain()
        .map(ToString::to_string)
        .fold(String::new(), |message, cause| {
            if message.is_empty() {
                cause
            } else if message.contains(&cause) {
                message
            } else {
                format!("{message}: {cause}")
            }
        })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_is_said_once() {
        let error = anyhow::anyhow!("no such file")
            .context("failed to open a: no such file")
            .context("failed");
        assert_eq!(with_causes(&error), "failed: failed to open a: no such file");
    }

    #[test]
    fn a_broken_pipe_is_found_below_other_messages() {
        let error = anyhow::Error::new(io::Error::from(io::ErrorKind::BrokenPipe)).context("failed to print");
        assert!(is_broken_pipe(&error));
        assert!(!is_broken_pipe(&anyhow::anyhow!("another")));
    }
}
