//! Runs a program to its end and turns a failure into an error that holds what the program said.

use anyhow::{Context as _, Result, bail};
use std::process::{Command, Output, Stdio};

/// Lines of a failed program's output that an error repeats.
const REPEATED_LINES: usize = 15;

/// A command from words, the first of which is the program.
pub(crate) fn command<Word: AsRef<str>>(words: &[Word]) -> Command {
    let mut words = words.iter().map(AsRef::as_ref);
    let mut command = Command::new(words.next().unwrap_or("true"));
    command.args(words);
    command
}

/// Runs the command and returns its standard output.
///
/// # Errors
/// When it cannot be started or ends with another status than 0.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("failed to start `{shown}`"))?;
    checked(&shown, output)
}

/// The standard output of a finished program, or an error with the end of what it said.
pub(crate) fn checked(shown: &str, output: Output) -> Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stderr, output.stdout].concat();
    bail!(
        "failed to run `{shown}`: {}\n{}",
        output.status,
        last_lines(&String::from_utf8_lossy(&said), REPEATED_LINES)
    )
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The last `count` lines of `text`.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_repeats_what_the_program_said() {
        let error = run(&mut command(&["sh", "-c", "echo no such thing >&2; exit 3"])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("exit status: 3"), "{text}");
        assert!(text.ends_with("no such thing"), "{text}");
    }

    #[test]
    fn output_is_returned() {
        assert_eq!(run(&mut command(&["echo", "a", "b"])).unwrap(), "a b\n");
    }

    #[test]
    fn only_the_last_lines_are_repeated() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a", 2), "a");
    }
}
