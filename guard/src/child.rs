//! The child: how it is started, how it is signalled, how its end is noticed.

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus};
use std::os::unix::process::CommandExt;
use std::process::Command;
use tokio::sync::watch;

/// How the child ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ended {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

/// A child that could not be started.
#[derive(Debug, thiserror::Error)]
#[error(
    "failed to start {program}: {problem}; the image must hold the program that the command names, executable for any user"
)]
pub(crate) struct SpawnError {
    program: String,
    problem: std::io::Error,
}

/// Starts the child in a process group of its own, so that signals reach all it starts, with this process' streams
/// and variables, and `variables` over those.
pub(crate) fn spawn(
    command: &[String],
    variables: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<Pid, SpawnError> {
    let (program, arguments) = command
        .split_first()
        .map_or(("", command), |(program, rest)| (program.as_str(), rest));
    let child = Command::new(program)
        .args(arguments)
        .envs(variables)
        .process_group(0)
        .spawn()
        .map_err(|problem| SpawnError {
            program: program.to_owned(),
            problem,
        })?;
    // Not waited for here: [`reap`] waits for every process, and two that wait would take ends from one another.
    Ok(Pid::from_child(&child))
}

/// Takes in every process that ends below this one and tells the end of the child. As PID 1 this process inherits
/// all orphans of the container; nobody else would take them in.
pub(crate) async fn reap(
    mut changes: tokio::signal::unix::Signal,
    child: Pid,
    end: watch::Sender<Option<Ended>>,
) {
    loop {
        while let Some((process, status)) = next_ended() {
            match ended(status) {
                Some(how) if process == child => {
                    end.send_replace(Some(how));
                }
                _ => tracing::debug!(process = process.as_raw_nonzero().get(), "took in an orphan"),
            }
        }
        // One signal may stand for many ends, hence the loop above; the signal is taken first and asked for after.
        if changes.recv().await.is_none() {
            return;
        }
    }
}

/// The next process that has ended and was not taken in. An error means that there are no children at all.
fn next_ended() -> Option<(Pid, WaitStatus)> {
    rustix::process::wait(WaitOptions::NOHANG).ok().flatten()
}

fn ended(status: WaitStatus) -> Option<Ended> {
    status
        .exit_status()
        .map(Ended::Exited)
        .or_else(|| status.terminating_signal().map(Ended::Signalled))
}

/// Makes orphans come to this process also where it is not PID 1 (a pod whose containers share their processes).
pub(crate) fn adopt_orphans() {
    if let Err(error) = rustix::process::set_child_subreaper(Some(rustix::process::getpid())) {
        tracing::debug!("orphans go to PID 1: {error}");
    }
}

/// Signals every process of the child's group. A group that is gone is no error.
pub(crate) fn signal(child: Pid, signal: Signal) {
    match rustix::process::kill_process_group(child, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => tracing::warn!("failed to send signal {signal:?} to the runtime: {error}"),
    }
}

/// Whether this process has no child any more, be it its own or an orphan that came to it. Takes none in.
pub(crate) fn none_left() -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(
        rustix::process::waitid(WaitId::All, options),
        Err(rustix::io::Errno::CHILD)
    )
}

/// Waits for the end of the child.
pub(crate) async fn end(receiver: &mut watch::Receiver<Option<Ended>>) -> Ended {
    loop {
        if let Some(ended) = *receiver.borrow_and_update() {
            return ended;
        }
        if receiver.changed().await.is_err() {
            // The reaper lives as long as the process; without it nothing could be said about the child.
            std::future::pending::<()>().await;
        }
    }
}
