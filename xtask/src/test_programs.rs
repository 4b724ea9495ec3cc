//! The test programs of the workspace. Cargo builds all of them at once, since features are chosen for the packages of
//! one call: a call for some of them would build the dependencies again. It runs them one after the other, though, and
//! most of ours wait for a cluster: they are run side by side here.

use crate::cargo;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::{
    io::{self, Seek as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

/// A program, as cargo tells of it (Cargo documentation, "External tools", messages of reason `compiler-artifact`).
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Program {
    /// Manifest of its package.
    manifest_path: PathBuf,
    executable: PathBuf,
}

/// Programs that are run one after the other, with the same arguments.
pub(crate) struct Lane<'a> {
    pub(crate) programs: Vec<&'a Program>,
    pub(crate) arguments: &'static [&'static str],
}

/// Builds all of them.
pub(crate) fn build() -> Result<Vec<Program>> {
    let mut command = cargo::cargo(["test", "--workspace", "--locked", "--no-run"]);
    command.arg("--message-format=json-render-diagnostics");
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("failed to start cargo")?;
    if !output.status.success() {
        bail!("the tests do not build");
    }
    let mut programs = programs(&String::from_utf8_lossy(&output.stdout));
    // Cargo tells of them as they are ready, in another order each time.
    programs.sort();
    Ok(programs)
}

fn programs(messages: &str) -> Vec<Program> {
    #[derive(Deserialize)]
    struct Artifact {
        profile: Profile,
        #[serde(flatten)]
        program: Program,
    }
    #[derive(Deserialize)]
    struct Profile {
        test: bool,
    }
    // What is of another form tells of something else.
    let artifacts = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok());
    artifacts
        .filter(|it| it.profile.test)
        .map(|it| it.program)
        .collect()
}

impl Program {
    /// Whether it is one of the package in this folder of the workspace.
    pub(crate) fn is_of(&self, folder: &str) -> bool {
        self.folder() == cargo::workspace().join(folder)
    }

    fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    /// As cargo runs it.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command
            .current_dir(self.folder())
            .env("CARGO_MANIFEST_DIR", self.folder());
        command
    }
}

/// Runs the lanes side by side. Output of the last one goes where ours goes, and that of the others after it, so that
/// lines of two do not mix. `prepare` sets what all of them need. Nothing is left out when something fails.
pub(crate) fn run(mut lanes: Vec<Lane<'_>>, prepare: &(dyn Fn(&mut Command) + Sync)) -> Result<()> {
    let shown = lanes.pop();
    thread::scope(|scope| {
        let captured = lanes
            .iter()
            .map(|lane| scope.spawn(move || capture(lane, prepare)));
        let captured: Vec<_> = captured.collect();
        let mut failed = shown.map_or_else(Vec::new, |lane| failures(&lane, prepare, &|_| Ok(())));
        for lane in captured {
            match lane.join() {
                Ok(more) => failed.extend(more?),
                Err(_) => bail!("a thread that ran tests panicked"),
            }
        }
        if !failed.is_empty() {
            bail!("tests failed in:\n  {}", failed.join("\n  "));
        }
        Ok(())
    })
}

fn capture(lane: &Lane<'_>, prepare: &dyn Fn(&mut Command)) -> Result<Vec<String>> {
    let mut output = tempfile::tempfile()?;
    let redirect = |command: &mut Command| {
        command.stdout(output.try_clone()?).stderr(output.try_clone()?);
        Ok(())
    };
    let failed = failures(lane, prepare, &redirect);
    output.rewind()?;
    io::copy(&mut output, &mut io::stdout().lock())?;
    Ok(failed)
}

/// The programs that failed, or could not be run.
fn failures(
    lane: &Lane<'_>,
    prepare: &dyn Fn(&mut Command),
    redirect: &dyn Fn(&mut Command) -> io::Result<()>,
) -> Vec<String> {
    let run = |program: &Program| {
        let mut command = program.command();
        prepare(command.args(lane.arguments));
        redirect(&mut command)?;
        command.status()
    };
    let mut failed = Vec::new();
    for program in &lane.programs {
        crate::report(&format!("     Running {}", program.executable.display()));
        match run(program) {
            Ok(status) if status.success() => {}
            Ok(status) => failed.push(format!("{}: {status}", program.executable.display())),
            Err(error) => failed.push(format!("{}: {error}", program.executable.display())),
        }
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::{Lane, Program, programs, run};
    use std::path::PathBuf;

    fn program(executable: &str) -> Program {
        Program {
            executable: executable.into(),
            manifest_path: crate::cargo::workspace().join("xtask/Cargo.toml"),
        }
    }

    #[test]
    fn test_programs_are_told_from_all_else_that_cargo_says() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","profile":{"test":true},"executable":"/t/a-1"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","profile":{"test":false},"executable":"/t/a"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","profile":{"test":false},"executable":null}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let found = programs(messages);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].executable, PathBuf::from("/t/a-1"));
    }

    #[test]
    fn a_program_is_of_the_folder_of_its_manifest() {
        assert!(program("a").is_of("xtask"));
        assert!(!program("a").is_of("tests/cases"));
    }

    #[test]
    fn all_are_run_and_each_that_fails_is_named() {
        let [good, bad, missing] = ["/bin/true", "/bin/false", "/bin/there-is-none"].map(program);
        let lane = |programs| Lane {
            programs,
            arguments: &[],
        };
        assert!(run(vec![lane(vec![&good]), lane(vec![&good])], &|_| ()).is_ok());
        let failed = run(vec![lane(vec![&bad, &good]), lane(vec![&missing])], &|_| ());
        let words = failed.unwrap_err().to_string();
        assert!(words.contains("/bin/false: exit status: 1"), "{words}");
        assert!(words.contains("/bin/there-is-none"), "{words}");
    }
}
