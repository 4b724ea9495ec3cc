//! Starts programs that outlive the process that started them, and remembers which they are.

use crate::{
    cgroups::Cgroups,
    command::{command, last_lines},
    debian::SYSTEM_PATH,
    paths::Paths,
    processes::Process,
};
use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

/// Lines of a daemon's log that an error repeats.
const REPEATED_LINES: usize = 12;
const POLL_INTERVAL: Duration = Duration::from_millis(25);

/// Joins the control groups that come before `--`, then becomes what follows. The shell itself writes, so that the
/// program is in its group before its first instruction, and keeps the id that was started.
const JOIN_GROUPS: &str = r#"while [ "$1" != -- ]; do echo 0 >"$1"; shift; done; shift; exec "$@""#;

/// A program to run in the background.
#[derive(Clone, Debug)]
pub(crate) struct Daemon {
    /// Name of its log and its pid file.
    pub(crate) name: String,
    /// Program and arguments.
    pub(crate) words: Vec<String>,
    /// Network namespace, or none for the machine's own.
    pub(crate) namespace: Option<String>,
}

/// Which process a daemon is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Identity {
    pub(crate) id: u32,
    pub(crate) started: u64,
}

impl Daemon {
    /// A daemon in the machine's own network namespace.
    pub(crate) fn new(name: impl Into<String>, words: Vec<String>) -> Self {
        Self {
            name: name.into(),
            words,
            namespace: None,
        }
    }

    /// Starts it in a session of its own, in the cluster's control group, with its output in its log.
    pub(crate) fn start(&self, paths: &Paths, cgroups: &Cgroups) -> Result<()> {
        let context = || format!("failed to start {}", self.name);
        let log = open_log(&paths.log(&self.name)).with_context(context)?;
        let mut child = command(&self.command_line(&cgroups.daemon_files(paths)))
            .env_clear()
            .env("PATH", format!("{}:{SYSTEM_PATH}", paths.bin().display()))
            .env("HOME", paths.state())
            .current_dir(paths.state())
            .stdin(Stdio::null())
            .stdout(log.try_clone().with_context(context)?)
            .stderr(log)
            .spawn()
            .with_context(context)?;
        let written = write_identity(&paths.pid(&self.name), child.id());
        // Somebody must look at a child that ends while this process lives, or it stays in the table as a zombie.
        std::thread::spawn(move || child.wait());
        written.with_context(context)
    }

    /// `setsid` makes it outlive the terminal; `nsenter` and not `ip netns exec`, which would hide the control groups.
    fn command_line(&self, group_files: &[String]) -> Vec<String> {
        let fixed = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let enter = self
            .namespace
            .iter()
            .flat_map(|name| ["nsenter".into(), format!("--net=/run/netns/{name}"), "--".into()]);
        fixed(&["setsid"])
            .into_iter()
            .chain(enter)
            .chain(fixed(&["sh", "-c", JOIN_GROUPS, "sh"]))
            .chain(group_files.iter().cloned())
            .chain(fixed(&["--"]))
            .chain(self.words.iter().cloned())
            .collect()
    }
}

/// Waits until `ready` holds.
///
/// # Errors
/// With the end of its log, when the daemon has ended or the time is over.
pub(crate) fn wait(paths: &Paths, name: &str, limit: Duration, ready: impl Fn() -> bool) -> Result<()> {
    let begin = Instant::now();
    while !ready() {
        if running(paths, name).is_none() {
            bail!(
                "failed to start {name}: it ended; its log ends with\n{}",
                log_end(paths, name)
            );
        }
        if begin.elapsed() > limit {
            let seconds = limit.as_secs();
            bail!(
                "failed to start {name}: it was not ready after {seconds} s; its log ends with\n{}",
                log_end(paths, name)
            );
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// The process of a daemon, if it is the one that was started and runs.
pub(crate) fn running(paths: &Paths, name: &str) -> Option<u32> {
    let identity = read_identity(&paths.pid(name))?;
    let process = Process::read(identity.id)?;
    (process.started == identity.started && !process.has_ended()).then_some(identity.id)
}

/// Ids of all daemons that were started and run, by their pid files.
pub(crate) fn all_running(paths: &Paths) -> Vec<u32> {
    let entries = fs::read_dir(paths.pid_folder()).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned()));
    names.filter_map(|name| running(paths, &name)).collect()
}

fn read_identity(file: &Path) -> Option<Identity> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

fn write_identity(file: &Path, id: u32) -> Result<()> {
    let process = Process::read(id).context("it ended at once")?;
    let identity = Identity {
        id,
        started: process.started,
    };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))?;
    }
    fs::write(file, serde_json::to_vec(&identity)?)
        .with_context(|| format!("failed to write {}", file.display()))
}

fn open_log(file: &Path) -> Result<fs::File> {
    let context = || format!("failed to open {}", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(context)?;
    }
    fs::File::options()
        .create(true)
        .append(true)
        .open(file)
        .with_context(context)
}

fn log_end(paths: &Paths, name: &str) -> String {
    let text = fs::read(paths.log(name)).unwrap_or_default();
    last_lines(&String::from_utf8_lossy(&text), REPEATED_LINES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_daemon_enters_its_namespace_and_joins_its_groups() {
        let mut daemon = Daemon::new("kubelet", vec!["kubelet".into(), "--v=1".into()]);
        daemon.namespace = Some("mx-dev-node1".into());
        let line = daemon.command_line(&["/g/cgroup.procs".into()]);
        assert_eq!(
            line[..4],
            ["setsid", "nsenter", "--net=/run/netns/mx-dev-node1", "--"]
        );
        assert_eq!(line[7..], ["sh", "/g/cgroup.procs", "--", "kubelet", "--v=1"]);
    }

    #[test]
    fn a_daemon_of_the_machine_enters_nothing() {
        let line = Daemon::new("etcd", vec!["etcd".into()]).command_line(&[]);
        assert_eq!(line[..3], ["setsid", "sh", "-c"]);
        assert_eq!(line[4..], ["sh", "--", "etcd"]);
    }
}
