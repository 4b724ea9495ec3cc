//! How the guard ends, decided from how the child ended and why.

use crate::child::Ended;
use crate::sequence::Failure;
use mendix_model::lease::Loss;
use std::time::Duration;

/// Signal that asks for an end, and the one that makes it.
const TERMINATED: i32 = 15;
const KILLED: i32 = 9;
const INTERRUPTED: i32 = 2;

/// Why the child was watched no longer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Cause {
    /// It ended by itself.
    ByItself,
    /// A signal asked for the end; how long the child was given.
    Asked(Duration),
    /// The model could not be started.
    Failed(Failure),
    /// The lease on the database was lost, and the child was killed for it.
    Lost(Loss),
}

/// How the guard ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Ending {
    /// Exit code.
    pub(crate) code: u8,
    /// What to say, when there is something to say.
    pub(crate) message: Option<String>,
}

impl Ending {
    /// A signal asked for the end, and there is nothing to say.
    pub(crate) const fn asked() -> Self {
        Self {
            code: 0,
            message: None,
        }
    }
}

/// Decides how the guard ends.
pub(crate) fn ending(cause: &Cause, ended: Ended) -> Ending {
    match cause {
        Cause::Failed(failure) => Ending {
            code: 1,
            message: Some(failure.to_string()),
        },
        Cause::Lost(loss) => Ending {
            code: 1,
            message: Some(format!(
                "The runtime was killed, since it lost its lease on the database: {loss}."
            )),
        },
        Cause::Asked(_) if is_clean(ended) => Ending::asked(),
        Cause::Asked(given) if ended == Ended::Signalled(KILLED) => Ending {
            code: code(ended),
            message: Some(late(*given)),
        },
        Cause::Asked(_) | Cause::ByItself => Ending {
            code: code(ended),
            message: Some(by_itself(ended)),
        },
    }
}

/// The same of a child that starts its model itself: its code is its own, and so are its reasons.
pub(crate) fn ending_of_other(cause: &Cause, ended: Ended) -> Ending {
    match cause {
        Cause::Lost(_) => ending(cause, ended),
        Cause::Asked(_) if is_clean(ended) => Ending::asked(),
        Cause::Asked(given) if ended == Ended::Signalled(KILLED) => Ending {
            code: code(ended),
            message: Some(format!(
                "The app did not stop within {} s and was killed; raise terminationGracePeriodSeconds of the pod if it \
                 needs longer.",
                given.as_secs_f64().round()
            )),
        },
        _ => Ending {
            code: code(ended),
            message: None,
        },
    }
}

/// A runtime that was asked to stop and ended by that very signal has done what it was asked to do; a Java machine
/// reports it as a code.
fn is_clean(ended: Ended) -> bool {
    [0, TERMINATED, INTERRUPTED].iter().any(|signal| match ended {
        Ended::Exited(code) => code == 0 || code == 128 + signal,
        Ended::Signalled(by) => *signal != 0 && by == *signal,
    })
}

/// The shell's convention for signals.
fn code(ended: Ended) -> u8 {
    let code = match ended {
        Ended::Exited(code) => code,
        Ended::Signalled(signal) => 128 + signal,
    };
    u8::try_from(code).unwrap_or(u8::MAX)
}

fn late(given: Duration) -> String {
    format!(
        "The runtime did not stop within {} s and was killed. Requests and microflows that ran were cut off; raise \
         runtimeTerminationGracePeriodSeconds if they need longer.",
        given.as_secs_f64().round()
    )
}

fn by_itself(ended: Ended) -> String {
    let (how, remedy) = match ended {
        Ended::Exited(2) => (
            "with code 2: its admin port is in use".to_owned(),
            "Remove what else listens on it, in the image or in another container of the pod.",
        ),
        Ended::Exited(3) => (
            "with code 3: the port of the app is in use".to_owned(),
            "Remove what else listens on it, in the image or in another container of the pod.",
        ),
        Ended::Exited(4) => (
            "with code 4: the Java version does not fit the runtime".to_owned(),
            "Build the image again on a base with the Java version that the package names.",
        ),
        Ended::Exited(0) => ("with code 0".to_owned(), "See the log for what stopped it."),
        Ended::Exited(code) => (format!("with code {code}"), "See the log for its last words."),
        Ended::Signalled(KILLED) => (
            "by signal 9".to_owned(),
            "The kernel does that when the container has used up its memory: raise resources.limits.memory.",
        ),
        Ended::Signalled(signal) => (format!("by signal {signal}"), "See the log for its last words."),
    };
    format!("The runtime ended by itself {how}. {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const ASKED: Cause = Cause::Asked(Duration::from_mins(5));

    #[rstest]
    #[case::code(Ended::Exited(0))]
    #[case::java_after_sigterm(Ended::Exited(143))]
    #[case::java_after_sigint(Ended::Exited(130))]
    #[case::signal(Ended::Signalled(15))]
    fn an_end_that_was_asked_for_is_clean(#[case] ended: Ended) {
        assert_eq!(
            ending(&ASKED, ended),
            Ending {
                code: 0,
                message: None
            }
        );
    }

    #[rstest]
    #[case::by_itself(Cause::ByItself, Ended::Exited(2), 2, None)]
    #[case::killed(Cause::ByItself, Ended::Signalled(9), 137, None)]
    #[case::done(Cause::ByItself, Ended::Exited(0), 0, None)]
    #[case::asked(ASKED, Ended::Signalled(15), 0, None)]
    #[case::late(
        ASKED,
        Ended::Signalled(9),
        137,
        Some("terminationGracePeriodSeconds of the pod")
    )]
    #[case::lost(Cause::Lost(Loss::TakenOver), Ended::Signalled(9), 1, Some("lost its lease"))]
    fn a_child_that_starts_itself_has_the_say(
        #[case] cause: Cause,
        #[case] ended: Ended,
        #[case] code: u8,
        #[case] words: Option<&str>,
    ) {
        let ending = ending_of_other(&cause, ended);
        assert_eq!(ending.code, code);
        match words {
            Some(words) => assert!(ending.message.is_some_and(|message| message.contains(words))),
            None => assert_eq!(ending.message, None),
        }
    }

    #[rstest]
    #[case::crash_while_stopping(ASKED, Ended::Exited(1), 1, "code 1")]
    #[case::late(ASKED, Ended::Signalled(9), 137, "did not stop within 300 s")]
    #[case::admin_port(Cause::ByItself, Ended::Exited(2), 2, "admin port is in use")]
    #[case::runtime_port(Cause::ByItself, Ended::Exited(3), 3, "port of the app is in use")]
    #[case::java(Cause::ByItself, Ended::Exited(4), 4, "Java version")]
    #[case::memory(Cause::ByItself, Ended::Signalled(9), 137, "resources.limits.memory")]
    #[case::not_asked_for(Cause::ByItself, Ended::Signalled(15), 143, "by signal 15")]
    #[case::alone(Cause::ByItself, Ended::Exited(0), 0, "ended by itself with code 0")]
    #[case::failed(
        Cause::Failed(Failure::silent(600)),
        Ended::Exited(0),
        1,
        "did not answer for 600 s"
    )]
    #[case::lost(
        Cause::Lost(Loss::TakenOver),
        Ended::Signalled(9),
        1,
        "lost its lease on the database"
    )]
    fn other_ends_say_why(#[case] cause: Cause, #[case] ended: Ended, #[case] code: u8, #[case] words: &str) {
        let ending = ending(&cause, ended);
        assert_eq!(ending.code, code);
        assert!(
            ending
                .message
                .as_deref()
                .is_some_and(|message| message.contains(words)),
            "{ending:?}"
        );
    }
}
