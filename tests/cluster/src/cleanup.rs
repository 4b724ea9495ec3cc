//! Removes everything of a cluster, in whatever state a killed run left it.
//!
//! The order matters: processes first, for they would make again what is removed; then mounts, for removing the folder
//! of a mount would remove what is mounted; the folders last, with the record that says where to look.

use crate::{
    cgroups::Cgroups,
    command::{command, run},
    daemon, kill,
    paths::Paths,
    processes,
};
use anyhow::{Context as _, Result, bail};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// What cannot be removed by then will not be.
const LIMIT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Where the container network interface's library remembers its results; it cannot be told another place.
const NETWORK_RESULTS: &str = "/var/lib/cni/results";
/// Where the kubelet links the logs of containers; it cannot be told another place.
const CONTAINER_LOGS: &str = "/var/log/containers";
const NAMESPACES: &str = "/run/netns";

/// Removes the cluster. Nothing to remove is no error.
pub(crate) fn remove(paths: &Paths, cgroups: &Cgroups) -> Result<()> {
    kill::until_none(|| victims(paths, cgroups))?;
    unmount(paths)?;
    remove_network(paths)?;
    retried(|| cgroups.remove(paths))?;
    remove_traces(paths);
    paths
        .roots()
        .iter()
        .try_for_each(|folder| retried(|| remove_folder(folder)))
}

/// Four ways to find a process, for each may miss one: pid files those whose start was cut short, command lines those
/// that were given no path, groups those that could not join, namespaces those of the machine.
fn victims(paths: &Paths, cgroups: &Cgroups) -> BTreeSet<u32> {
    let by_file = daemon::all_running(paths);
    let by_command_line = processes::working_in(&processes::all(), &paths.roots());
    let by_group = cgroups.processes(paths);
    let by_namespace = namespaces(paths)
        .into_iter()
        .flat_map(|name| kill::in_namespace(&name));
    by_file
        .into_iter()
        .chain(by_command_line)
        .chain(by_group)
        .chain(by_namespace)
        .collect()
}

/// The cluster's network namespaces.
pub(crate) fn namespaces(paths: &Paths) -> Vec<String> {
    let entries = fs::read_dir(NAMESPACES).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| is_namespace_of(name, &paths.namespace_prefix()))
        .collect()
}

/// `mx-a-node1` is of cluster `a`; `mx-a-node1-node1` is of cluster `a-node1`.
fn is_namespace_of(name: &str, prefix: &str) -> bool {
    let number = name
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix("node"));
    number.is_some_and(|number| number.parse::<u8>().is_ok())
}

fn unmount(paths: &Paths) -> Result<()> {
    for mount in mounts(paths)? {
        run(&mut command(&["umount", "--lazy", &mount.display().to_string()]))?;
    }
    let left = mounts(paths)?;
    if let Some(mount) = left.first() {
        bail!(
            "failed to unmount {}: its folder is not removed, for that would remove what is mounted there",
            mount.display()
        );
    }
    Ok(())
}

/// Mount points in the cluster's folders, the innermost first.
pub(crate) fn mounts(paths: &Paths) -> Result<Vec<PathBuf>> {
    let table = fs::read_to_string("/proc/self/mounts").context("failed to read /proc/self/mounts")?;
    Ok(mounts_below(&table, &paths.roots()))
}

fn mounts_below(table: &str, folders: &[PathBuf]) -> Vec<PathBuf> {
    let points = table
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .map(unescape)
        .map(PathBuf::from);
    let mut found: Vec<_> = points
        .filter(|point| folders.iter().any(|folder| point.starts_with(folder)))
        .collect();
    found.reverse();
    found
}

/// The kernel writes blanks in paths as octal numbers (proc(5), `/proc/mounts`).
fn unescape(path: &str) -> String {
    path.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\")
}

fn remove_network(paths: &Paths) -> Result<()> {
    for name in namespaces(paths) {
        run(&mut command(&["ip", "netns", "delete", &name]))?;
    }
    for link in links(paths)? {
        // With its namespace the kernel removes a cable in its own time: it may be gone by now.
        let removed = run(&mut command(&["ip", "link", "delete", &link]));
        if removed.is_err() && Path::new("/sys/class/net").join(&link).exists() {
            removed?;
        }
    }
    Ok(())
}

/// Links of the machine that bear the cluster's note.
pub(crate) fn links(paths: &Paths) -> Result<Vec<String>> {
    let entries = fs::read_dir("/sys/class/net").context("failed to read /sys/class/net")?;
    let noted = entries.flatten().filter(|entry| {
        fs::read_to_string(entry.path().join("ifalias"))
            .is_ok_and(|note| note.trim_end() == paths.link_note())
    });
    Ok(noted
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect())
}

/// Tries until it works. The kernel frees a group some time after its last process has ended, and a child of a killed
/// program may write one more file before it sees that nobody reads.
fn retried(remove: impl Fn() -> Result<()>) -> Result<()> {
    let begin = Instant::now();
    loop {
        let removed = remove();
        if removed.is_ok() || begin.elapsed() > LIMIT {
            return removed;
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// What programs of the cluster leave outside of its folders. It harms nobody, so failing is no error.
fn remove_traces(paths: &Paths) {
    let results = file_names(NETWORK_RESULTS);
    let results = network_results(&results, &paths.cgroup());
    let logs = file_names(CONTAINER_LOGS)
        .into_iter()
        .map(|name| Path::new(CONTAINER_LOGS).join(name));
    let ours = logs.filter(|log| fs::read_link(log).is_ok_and(|target| target.starts_with(paths.state())));
    for file in results
        .into_iter()
        .map(|name| Path::new(NETWORK_RESULTS).join(name))
        .chain(ours)
    {
        let _ = fs::remove_file(file);
    }
}

fn file_names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Results are named `NETWORK-CONTAINER-INTERFACE`, a container by 64 hexadecimal digits. Those of the loopback
/// bear no cluster's name, so they are found by the containers that have a result in the cluster's network.
fn network_results<'names>(names: &'names [String], network: &str) -> Vec<&'names String> {
    let container = |name: &'names str| name.rsplit('-').nth(1).filter(|id| is_container(id));
    let in_network = |name: &str| container_of(name, network).is_some();
    let ours: BTreeSet<_> = names
        .iter()
        .filter(|name| in_network(name))
        .filter_map(|name| container(name))
        .collect();
    names
        .iter()
        .filter(|name| container(name).is_some_and(|id| ours.contains(id)))
        .collect()
}

fn container_of<'name>(name: &'name str, network: &str) -> Option<&'name str> {
    let rest = name.strip_prefix(network)?.strip_prefix('-')?;
    rest.split('-').next().filter(|id| is_container(id))
}

fn is_container(id: &str) -> bool {
    id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.with_context(|| format!("failed to remove {}", folder.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_with_a_longer_name_keeps_its_namespaces() {
        assert!(is_namespace_of("mx-a-node12", "mx-a-"));
        assert!(!is_namespace_of("mx-a-node1-node1", "mx-a-"));
        assert!(!is_namespace_of("mx-a-b", "mx-a-"));
    }

    #[test]
    fn inner_mounts_go_first_and_foreign_ones_stay() {
        let table =
            "tmpfs /c/dev/a tmpfs rw 0 0\nshm /c/dev/a/b\\040c tmpfs rw 0 0\ntmpfs /c/dev2 tmpfs rw 0 0\n";
        assert_eq!(
            mounts_below(table, &[PathBuf::from("/c/dev")]),
            [PathBuf::from("/c/dev/a/b c"), PathBuf::from("/c/dev/a")]
        );
    }

    #[test]
    fn only_results_of_the_clusters_containers_are_removed() {
        let (ours, other) = ("0".repeat(64), "1".repeat(64));
        let names = [
            format!("mx-a-{ours}-eth0"),
            format!("cni-loopback-{ours}-lo"),
            format!("mx-a-b-{other}-eth0"),
            format!("cni-loopback-{other}-lo"),
        ];
        assert_eq!(network_results(&names, "mx-a"), [&names[0], &names[1]]);
    }
}
