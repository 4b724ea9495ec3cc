//! What `/proc` tells of the machine's processes, and which of them are the cluster's.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Programs that a cluster starts. A shell, an editor or a `tail` that was given a path of the cluster is a person's.
const PROGRAMS: &[&str] = &[
    "containerd",
    "containerd-shim-runc-v2",
    "coredns",
    "docker-registry",
    "etcd",
    "initdb",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubelet",
    "nsenter",
    "postgres",
    "runc",
    "secrets-store-csi-driver",
    "secrets-store-stand-in",
    "setpriv",
    "setsid",
];

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// When it was started, in clock ticks since the machine's start: with the id it names one process for ever.
    pub(crate) started: u64,
    /// `Z` is a process that has ended and whose parent has not looked.
    pub(crate) state: char,
    pub(crate) arguments: Vec<String>,
}

impl Process {
    /// The process `id`, if it is there.
    pub(crate) fn read(id: u32) -> Option<Self> {
        let folder = Path::new("/proc").join(id.to_string());
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        let arguments = fs::read(folder.join("cmdline")).ok()?;
        let (state, started) = parse_stat(&stat)?;
        Some(Self {
            started,
            state,
            arguments: parse_arguments(&arguments),
        })
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    /// Whether its command line names a file in one of the folders.
    pub(crate) fn mentions(&self, folders: &[PathBuf]) -> bool {
        self.arguments
            .iter()
            .any(|argument| folders.iter().any(|folder| mentions(argument, folder)))
    }

    fn is_cluster_program(&self) -> bool {
        let program = self.arguments.first().and_then(|path| path.rsplit('/').next());
        program.is_some_and(|program| PROGRAMS.contains(&program))
    }
}

/// Every process there is, by id.
pub(crate) fn all() -> BTreeMap<u32, Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
    ids.filter_map(|id| Some((id, Process::read(id)?))).collect()
}

/// Ids of running cluster programs that were given a file of one of the folders.
pub(crate) fn working_in(processes: &BTreeMap<u32, Process>, folders: &[PathBuf]) -> Vec<u32> {
    let ours =
        |process: &Process| !process.has_ended() && process.is_cluster_program() && process.mentions(folders);
    processes
        .iter()
        .filter(|(_, process)| ours(process))
        .map(|(id, _)| *id)
        .collect()
}

/// State and start time out of `/proc/ID/stat`. The program's name, in brackets, may hold blanks and brackets.
fn parse_stat(stat: &str) -> Option<(char, u64)> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let started = fields.nth(18)?.parse().ok()?;
    Some((state, started))
}

fn parse_arguments(text: &[u8]) -> Vec<String> {
    let words = text.split(|byte| *byte == 0).filter(|word| !word.is_empty());
    words
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

/// Whether `folder` stands in `argument` as a whole: `/c/dev` is not in `/c/dev2/log`.
fn mentions(argument: &str, folder: &Path) -> bool {
    let folder = folder.to_string_lossy();
    argument.match_indices(folder.as_ref()).any(|(start, found)| {
        let next = argument[start + found.len()..].chars().next();
        next.is_none_or(|sign| !(sign.is_alphanumeric() || matches!(sign, '-' | '_' | '.')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(arguments: &[&str]) -> Process {
        Process {
            started: 1,
            state: 'S',
            arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    #[test]
    fn a_name_with_brackets_does_not_move_the_fields() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 4711 99 1";
        assert_eq!(parse_stat(stat), Some(('S', 4711)));
        assert_eq!(parse_stat("7 (a"), None);
    }

    #[test]
    fn a_process_can_read_itself() {
        let own = Process::read(std::process::id()).unwrap();
        assert!(own.started > 0 && !own.arguments.is_empty() && !own.has_ended());
    }

    #[test]
    fn another_cluster_with_a_longer_name_is_not_meant() {
        let folder = Path::new("/c/dev");
        assert!(mentions("--config=/c/dev/a.toml", folder));
        assert!(mentions("/c/dev", folder));
        assert!(!mentions("/c/dev2/a", folder));
        assert!(!mentions("/c/dev-2", folder));
    }

    #[test]
    fn a_persons_program_is_left_alone() {
        let folders = [PathBuf::from("/c/dev")];
        let processes = BTreeMap::from([
            (1, process(&["tail", "-f", "/c/dev/logs/etcd.log"])),
            (2, process(&["/t/etcd", "--data-dir=/c/dev/etcd"])),
            (3, process(&["/t/etcd", "--data-dir=/c/other/etcd"])),
            (
                4,
                Process {
                    state: 'Z',
                    ..process(&["/t/kubelet", "--config=/c/dev/k"])
                },
            ),
        ]);
        assert_eq!(working_in(&processes, &folders), [2]);
    }
}
