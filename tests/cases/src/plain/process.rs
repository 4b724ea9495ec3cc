//! Processes of containers, on the machine of the embedded cluster's nodes.

use anyhow::{Result, bail, ensure};
use std::{fs, process::Command};

/// Ends every process of a container with SIGKILL, as a crash would.
///
/// `id` is what the kubelet says, such as `containerd://4f5a…`.
pub fn kill_container(id: &str) -> Result<()> {
    let Some((_, id)) = id.split_once("://") else {
        bail!("{id:?} is no id of a container")
    };
    let mut killed = 0;
    for entry in fs::read_dir("/proc")?.flatten() {
        let groups = fs::read_to_string(entry.path().join("cgroup")).unwrap_or_default();
        if groups.contains(id) {
            let process = entry.file_name();
            killed += usize::from(Command::new("kill").arg("-KILL").arg(process).status()?.success());
        }
    }
    ensure!(killed > 0, "container {id} has no process on this machine");
    Ok(())
}
