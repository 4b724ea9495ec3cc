//! Everything a command may touch outside of itself.

use crate::cli::{ColourChoice, GlobalArguments};
use jiff::Timestamp;
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

/// Everything a command may touch outside of itself, but for the cluster: see [`crate::cluster`].
pub struct Environment {
    /// Results.
    pub out: Stream,
    /// Everything else.
    pub err: Stream,
    /// Results and errors only.
    pub quiet: bool,
    /// How often `-v` was said.
    pub verbose: u8,
    /// How long to wait or watch.
    pub timeout: Option<Duration>,
    /// Which cluster, and where in it.
    pub target: Target,
    /// The clock.
    pub now: fn() -> Timestamp,
}

/// Which cluster, and where in it. What is absent comes from the kubeconfig.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Kubeconfig file.
    pub kubeconfig: Option<PathBuf>,
    /// Context in it.
    pub context: Option<String>,
    /// Namespace.
    pub namespace: Option<String>,
}

/// Standard output or standard error.
pub struct Stream {
    /// Where bytes go.
    pub writer: Box<dyn Write>,
    /// A person looks at it.
    pub terminal: bool,
    /// It takes colours.
    pub colour: bool,
}

impl Stream {
    fn new(writer: Box<dyn Write>, terminal: bool, choice: ColourChoice) -> Self {
        let no_colour = std::env::var_os("NO_COLOR");
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            writer,
            terminal,
            colour: has_colour(choice, terminal && !dumb, no_colour.as_deref()),
        }
    }
}

impl Environment {
    /// The process's own streams and clock.
    pub fn new(arguments: &GlobalArguments) -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let (out_terminal, err_terminal) = (out.is_terminal(), err.is_terminal());
        Self {
            out: Stream::new(Box::new(out), out_terminal, arguments.color),
            err: Stream::new(Box::new(err), err_terminal, arguments.color),
            quiet: arguments.quiet,
            verbose: arguments.verbose,
            timeout: arguments.timeout,
            target: Target {
                kubeconfig: arguments.kubeconfig.clone(),
                context: arguments.context.clone(),
                namespace: arguments.namespace.clone(),
            },
            now: Timestamp::now,
        }
    }

    /// Says something that is no result; not when quiet.
    pub fn note(&mut self, text: &str) {
        if !self.quiet {
            self.complain("", text);
        }
    }

    /// Says that something is missing from a result, or not as it should be.
    pub fn warn(&mut self, text: &str) {
        self.complain("warning: ", text);
    }

    /// Says why the command failed.
    pub fn error(&mut self, text: &str) {
        self.complain("error: ", text);
    }

    /// Says what to do about it.
    pub fn hint(&mut self, text: &str) {
        self.complain("hint: ", text);
    }

    fn complain(&mut self, prefix: &str, text: &str) {
        // Nobody is left to be told when stderr itself is gone.
        let _ = writeln!(self.err.writer, "{prefix}{}", text.trim_end());
    }

    /// Logs requests to stderr when `-v` was said. What is sent is not logged, nor are headers: both may hold
    /// secrets.
    pub fn start_log(&self) {
        let level = match self.verbose {
            0 => return,
            1 => "kube_client=debug,mendix_tasks=info",
            _ => "debug,kube_client=debug",
        };
        // Fails only when a log is there already, and then that one is as good.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(level)
            .with_writer(io::stderr)
            .with_ansi(self.err.colour)
            .compact()
            .try_init();
    }
}

/// <https://no-color.org>: the variable counts when it is there and not empty; what the command line says wins.
fn has_colour(choice: ColourChoice, terminal: bool, no_colour: Option<&OsStr>) -> bool {
    match choice {
        ColourChoice::Always => true,
        ColourChoice::Never => false,
        ColourChoice::Auto => terminal && no_colour.is_none_or(OsStr::is_empty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::terminal(ColourChoice::Auto, true, None, true)]
    #[case::piped(ColourChoice::Auto, false, None, false)]
    #[case::switched_off(ColourChoice::Auto, true, Some("1"), false)]
    #[case::empty_variable(ColourChoice::Auto, true, Some(""), true)]
    #[case::asked_for(ColourChoice::Always, false, Some("1"), true)]
    #[case::refused(ColourChoice::Never, true, None, false)]
    fn colours_are_for_terminals(
        #[case] choice: ColourChoice,
        #[case] terminal: bool,
        #[case] variable: Option<&str>,
        #[case] expected: bool,
    ) {
        assert_eq!(has_colour(choice, terminal, variable.map(OsStr::new)), expected);
    }
}
