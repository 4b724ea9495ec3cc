//! Everything a command may touch outside of itself.

use crate::cli::{ColourChoice, GlobalArguments};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

/// Everything a command may touch outside of itself, but for the cluster: see [`crate::cluster`].
pub struct Environment {
    /// Results.
    pub out: Stream,
    /// Everything else.
    pub err: Stream,
    /// Answers.
    pub input: Input,
    /// Results and errors only.
    pub quiet: bool,
    /// Results are events: all that is told goes to standard output, one JSON object a line.
    pub events: bool,
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

/// Standard input.
pub struct Input {
    /// Where answers come from.
    pub reader: Box<dyn BufRead>,
    /// A person sits at it.
    pub terminal: bool,
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
            input: Input {
                terminal: io::stdin().is_terminal(),
                // Not locked for good: `deploy -f -` reads the same stream.
                reader: Box::new(BufReader::new(io::stdin())),
            },
            quiet: arguments.quiet,
            events: false,
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

    /// From now on results are events. Nothing is drawn any more.
    pub fn stream_events(&mut self) {
        self.events = true;
        self.err.terminal = false;
    }

    /// Says something that is no result; not when quiet.
    pub fn note(&mut self, text: &str) {
        if !self.quiet {
            self.complain("info", text);
        }
    }

    /// Says that something is missing from a result, or not as it should be.
    pub fn warn(&mut self, text: &str) {
        self.complain("warning", text);
    }

    /// Says why the command failed.
    pub fn error(&mut self, text: &str) {
        self.complain("error", text);
    }

    /// Says what to do about it.
    pub fn hint(&mut self, text: &str) {
        self.complain("hint", text);
    }

    /// Tells one event: its time, and what is said of it.
    pub fn event(&mut self, name: &str, value: &impl Serialize) {
        let event = json!({ "time": (self.now)(), name: value });
        // Nobody is left to be told when standard output itself is gone.
        let _ = writeln!(self.out.writer, "{event}");
        let _ = self.out.writer.flush();
    }

    /// Asks a question that only yes answers with yes. Nothing: nobody is there to ask.
    ///
    /// # Errors
    /// The answer cannot be read.
    pub fn ask(&mut self, question: &str) -> anyhow::Result<Option<bool>> {
        if !self.input.terminal || !self.err.terminal {
            return Ok(None);
        }
        write!(self.err.writer, "{question} [y/N] ")?;
        self.err.writer.flush()?;
        let mut answer = String::new();
        self.input.reader.read_line(&mut answer)?;
        let answer = answer.trim().to_ascii_lowercase();
        Ok(Some(answer == "y" || answer == "yes"))
    }

    fn complain(&mut self, level: &str, text: &str) {
        let text = text.trim_end();
        if self.events {
            return self.event(level, &text);
        }
        let prefix = match level {
            "info" => String::new(),
            level => format!("{level}: "),
        };
        // Nobody is left to be told when stderr itself is gone.
        let _ = writeln!(self.err.writer, "{prefix}{text}");
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

    fn with_answer(answer: &'static str, terminal: bool) -> Environment {
        let mut environment = Environment::new(&GlobalArguments::default());
        environment.err.terminal = terminal;
        environment.err.writer = Box::new(io::sink());
        environment.input = Input {
            reader: Box::new(answer.as_bytes()),
            terminal,
        };
        environment
    }

    #[rstest]
    #[case::yes("y\n", true, Some(true))]
    #[case::word("Yes\n", true, Some(true))]
    #[case::no("n\n", true, Some(false))]
    #[case::nothing_said("\n", true, Some(false))]
    #[case::end_of_input("", true, Some(false))]
    #[case::nobody_there("y\n", false, None)]
    fn only_yes_is_yes(#[case] answer: &'static str, #[case] terminal: bool, #[case] expected: Option<bool>) {
        let mut environment = with_answer(answer, terminal);
        assert_eq!(environment.ask("really?").expect("an answer"), expected);
    }

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
