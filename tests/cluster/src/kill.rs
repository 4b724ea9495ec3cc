//! Ends processes for certain.

use crate::{
    command::{command, run},
    processes::Process,
};
use anyhow::{Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// A process that was killed and is there after this waits for the kernel, as on a dead disk.
const LIMIT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Looks in a row that must find nothing: a child between fork and exec bears no name of ours yet.
const EMPTY_LOOKS: usize = 3;

/// Kills what `find` finds until it finds nothing: what was being started while one looked is found the next time.
pub(crate) fn until_none(find: impl Fn() -> BTreeSet<u32>) -> Result<()> {
    let begin = Instant::now();
    let mut empty = 0;
    while empty < EMPTY_LOOKS {
        let mut victims = find();
        victims.retain(|id| *id != std::process::id() && is_running(*id));
        empty = if victims.is_empty() { empty + 1 } else { 0 };
        if empty == 0 && begin.elapsed() > LIMIT {
            bail!(
                "failed to end processes {victims:?}: they are still there {} s after being killed",
                LIMIT.as_secs()
            );
        }
        victims.into_iter().for_each(kill);
        std::thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// Ids of the processes of a network namespace.
pub(crate) fn in_namespace(name: &str) -> Vec<u32> {
    let listed = run(&mut command(&["ip", "netns", "pids", name])).unwrap_or_default();
    listed
        .lines()
        .filter_map(|line| line.trim().parse().ok())
        .collect()
}

fn is_running(id: u32) -> bool {
    Process::read(id).is_some_and(|process| !process.has_ended())
}

fn kill(id: u32) {
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended by itself since it was found.
        let _ = kill_process(pid, Signal::KILL);
    }
}
