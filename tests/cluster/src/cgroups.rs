//! The cluster's control groups, of version 1 and 2: everything a cluster runs is below one group, so that all of it
//! can be found and ended.

use crate::paths::{Paths, node_name};
use anyhow::{Context as _, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Group of the daemons, beside those of the nodes: in version 2 a group has either processes or groups.
const DAEMONS: &str = "daemons";
/// What a version 1 cpuset needs before a process may join it.
const CPUSET_FILES: [&str; 2] = ["cpuset.cpus", "cpuset.mems"];

/// The machine's hierarchies of control groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cgroups {
    /// Mount points: one in version 2, one for each set of controllers in version 1.
    hierarchies: Vec<PathBuf>,
    /// Those, and a version 2 that has no controllers here: the container runtime makes groups in it too.
    visited: Vec<PathBuf>,
    pub(crate) unified: bool,
}

impl Cgroups {
    /// # Errors
    /// When none are mounted.
    pub(crate) fn detect() -> Result<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts").context("failed to read /proc/self/mounts")?;
        let found = parse_mounts(&mounts);
        if found.hierarchies.is_empty() {
            bail!("failed to find control groups: none are mounted below /sys/fs/cgroup");
        }
        Ok(found)
    }

    /// Makes the groups of the cluster and of its daemons.
    pub(crate) fn create(&self, paths: &Paths) -> Result<()> {
        self.create_group(&[paths.cgroup(), DAEMONS.to_owned()])
    }

    /// Makes the group below which the kubelet of `node` puts its pods.
    pub(crate) fn create_node(&self, paths: &Paths, node: u8) -> Result<()> {
        self.create_group(&[paths.cgroup(), node_name(node)])
    }

    /// The files that a daemon joins its group by.
    pub(crate) fn daemon_files(&self, paths: &Paths) -> Vec<String> {
        let file = |root: &PathBuf| root.join(paths.cgroup()).join(DAEMONS).join("cgroup.procs");
        self.hierarchies
            .iter()
            .map(|root| file(root).display().to_string())
            .collect()
    }

    /// Ids of all processes in the cluster's groups.
    pub(crate) fn processes(&self, paths: &Paths) -> Vec<u32> {
        self.processes_below(Path::new(&paths.cgroup()))
    }

    /// Ids of all processes of the pods of `node`.
    pub(crate) fn node_processes(&self, paths: &Paths, node: u8) -> Vec<u32> {
        self.processes_below(&Path::new(&paths.cgroup()).join(node_name(node)))
    }

    fn processes_below(&self, group: &Path) -> Vec<u32> {
        let groups = self.visited.iter().flat_map(|root| tree(&root.join(group)));
        let lists = groups.filter_map(|group| fs::read_to_string(group.join("cgroup.procs")).ok());
        lists
            .flat_map(|list| {
                list.lines()
                    .filter_map(|line| line.parse().ok())
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Removes the cluster's groups, which must be empty of processes.
    pub(crate) fn remove(&self, paths: &Paths) -> Result<()> {
        let groups = self
            .visited
            .iter()
            .flat_map(|root| tree(&root.join(paths.cgroup())));
        for group in groups {
            fs::remove_dir(&group)
                .with_context(|| format!("failed to remove control group {}", group.display()))?;
        }
        Ok(())
    }

    fn create_group(&self, names: &[String]) -> Result<()> {
        for root in &self.hierarchies {
            let mut group = root.clone();
            for name in names {
                self.enable_controllers(&group)?;
                let parent = group.clone();
                group.push(name);
                create_folder(&group)?;
                copy_cpuset(&parent, &group)?;
            }
        }
        Ok(())
    }

    /// In version 2 a group hands its controllers down only when told to.
    fn enable_controllers(&self, group: &Path) -> Result<()> {
        if !self.unified {
            return Ok(());
        }
        let offered = fs::read_to_string(group.join("cgroup.controllers")).unwrap_or_default();
        fs::write(group.join("cgroup.subtree_control"), enabling(&offered)).with_context(|| {
            format!(
                "failed to hand down the controllers of {}; in a container, start it so that its root group has no \
                 processes",
                group.display()
            )
        })
    }
}

fn parse_mounts(mounts: &str) -> Cgroups {
    let fields = || {
        mounts.lines().filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            Some((PathBuf::from(fields.next()?), fields.next()?))
        })
    };
    let of_kind = |kind: &'static str| {
        fields()
            .filter(move |(_, found)| *found == kind)
            .map(|(path, _)| path)
    };
    let first: Vec<_> = of_kind("cgroup").collect();
    let unified = first.is_empty();
    let second: Vec<_> = of_kind("cgroup2").collect();
    let visited = first.iter().chain(&second).cloned().collect();
    // On a machine with both, version 2 has no controllers: version 1 does the work.
    let hierarchies = if unified {
        second.into_iter().take(1).collect()
    } else {
        first
    };
    Cgroups {
        hierarchies,
        visited,
        unified,
    }
}

fn enabling(offered: &str) -> String {
    offered
        .split_whitespace()
        .map(|name| format!("+{name}"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn create_folder(group: &Path) -> Result<()> {
    fs::create_dir_all(group).with_context(|| {
        format!(
            "failed to create control group {}: the cluster needs the right to make control groups",
            group.display()
        )
    })
}

fn copy_cpuset(parent: &Path, group: &Path) -> Result<()> {
    for file in CPUSET_FILES {
        let (from, to) = (parent.join(file), group.join(file));
        if from.is_file() {
            fs::read(&from)
                .and_then(|content| fs::write(&to, content))
                .with_context(|| format!("failed to copy {} to {}", from.display(), to.display()))?;
        }
    }
    Ok(())
}

/// The group and all below it, children before parents.
fn tree(group: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(group) else {
        return Vec::new();
    };
    let folders = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let below = folders.flat_map(|entry| tree(&entry.path()));
    below.chain([group.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n\
                         cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";

    #[test]
    fn version_1_has_a_hierarchy_for_each_controller() {
        let found = parse_mounts(FIRST);
        assert!(!found.unified);
        assert_eq!(
            found.hierarchies,
            [Path::new("/sys/fs/cgroup/cpu"), Path::new("/sys/fs/cgroup/pids")]
        );
        assert!(
            found.visited.contains(&PathBuf::from("/sys/fs/cgroup/unified")),
            "left-overs are looked for there"
        );
    }

    #[test]
    fn version_2_has_one_hierarchy() {
        let found = parse_mounts("cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n");
        assert!(found.unified);
        assert_eq!(found.hierarchies, [Path::new("/sys/fs/cgroup")]);
    }

    #[test]
    fn no_mount_is_no_hierarchy() {
        assert!(parse_mounts("proc /proc proc rw 0 0\n").hierarchies.is_empty());
    }

    #[test]
    fn all_offered_controllers_are_handed_down() {
        assert_eq!(enabling("cpu memory pids\n"), "+cpu +memory +pids");
    }

    #[test]
    fn children_come_before_their_parents() {
        let root = std::env::temp_dir().join(format!("mx-tree-{}", std::process::id()));
        fs::create_dir_all(root.join("a/b")).unwrap();
        assert_eq!(tree(&root), [root.join("a/b"), root.join("a"), root.clone()]);
        fs::remove_dir_all(&root).unwrap();
    }
}
