//! Where a cluster keeps its files, and the names it gives to things that are not files.

use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

/// State of all clusters: survives a restart of the machine, so that what was left there can be cleaned.
pub(crate) const STATE_ROOT: &str = "/var/lib/kubectl-mendix/clusters";
/// Sockets and process ids of all clusters.
pub(crate) const RUN_ROOT: &str = "/run/kubectl-mendix";
/// containerd allows 42 characters for the folder of its shims' sockets: `RUN_ROOT/NAME/node99/s`.
const LONGEST_NAME: usize = 12;

/// User with all rights.
pub(crate) const ADMIN: &str = "admin";

/// Paths and names of one cluster.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    name: String,
}

impl Paths {
    /// # Errors
    /// When the name is not of letters a-z, digits and hyphens, or too long for a socket's path.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let shaped = name
            .chars()
            .all(|sign| matches!(sign, 'a'..='z' | '0'..='9' | '-'));
        let starts = name.starts_with(|sign: char| sign.is_ascii_lowercase());
        if !shaped || !starts || name.len() > LONGEST_NAME {
            bail!(
                "failed to use cluster name {name:?}: it must start with a letter and have at most {LONGEST_NAME} \
                 characters, each a-z, 0-9 or a hyphen"
            );
        }
        Ok(Self {
            name: name.to_owned(),
        })
    }

    /// Those of the cluster whose administrator's kubeconfig this is, if it is one.
    pub(crate) fn of_admin(kubeconfig: &Path) -> Option<Self> {
        let name = kubeconfig.parent()?.file_name()?.to_str()?;
        let paths = Self::new(name).ok()?;
        (paths.kubeconfig(ADMIN) == kubeconfig).then_some(paths)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Everything that must go when the cluster goes.
    pub(crate) fn state(&self) -> PathBuf {
        Path::new(STATE_ROOT).join(&self.name)
    }

    pub(crate) fn run(&self) -> PathBuf {
        Path::new(RUN_ROOT).join(&self.name)
    }

    /// Both folders: a command line that mentions one belongs to the cluster.
    pub(crate) fn roots(&self) -> [PathBuf; 2] {
        [self.state(), self.run()]
    }

    pub(crate) fn record(&self) -> PathBuf {
        self.state().join("cluster.json")
    }

    /// Held while the cluster is started or removed; outside of the state, which is removed under it.
    pub(crate) fn lock(&self) -> PathBuf {
        Path::new(STATE_ROOT).join(format!("{}.lock", self.name))
    }

    pub(crate) fn bin(&self) -> PathBuf {
        self.state().join("bin")
    }

    pub(crate) fn log(&self, daemon: &str) -> PathBuf {
        self.state().join("logs").join(format!("{daemon}.log"))
    }

    pub(crate) fn audit_log(&self) -> PathBuf {
        self.state().join("logs/audit.jsonl")
    }

    /// A certificate (`NAME.crt`), key (`NAME.key`) or other file of the cluster's authority.
    pub(crate) fn pki(&self, file: &str) -> PathBuf {
        self.state().join("pki").join(file)
    }

    pub(crate) fn kubeconfig(&self, user: &str) -> PathBuf {
        self.state().join(format!("{user}.kubeconfig"))
    }

    pub(crate) fn postgres_password(&self) -> PathBuf {
        self.state().join("postgres-password")
    }

    pub(crate) fn pid_folder(&self) -> PathBuf {
        self.run().join("pids")
    }

    pub(crate) fn pid(&self, daemon: &str) -> PathBuf {
        self.pid_folder().join(format!("{daemon}.json"))
    }

    pub(crate) fn node_state(&self, node: u8) -> PathBuf {
        self.state().join(node_name(node))
    }

    pub(crate) fn node_run(&self, node: u8) -> PathBuf {
        self.run().join(node_name(node))
    }

    pub(crate) fn containerd_socket(&self, node: u8) -> PathBuf {
        self.node_run(node).join("containerd.sock")
    }

    /// Prefix of the cluster's network namespaces.
    pub(crate) fn namespace_prefix(&self) -> String {
        format!("mx-{}-", self.name)
    }

    pub(crate) fn network_namespace(&self, node: u8) -> String {
        format!("{}{}", self.namespace_prefix(), node_name(node))
    }

    /// Control group, below which all of the cluster runs.
    pub(crate) fn cgroup(&self) -> String {
        format!("mx-{}", self.name)
    }

    /// Note on the cluster's network links, by which they are found when the state is lost.
    pub(crate) fn link_note(&self) -> String {
        format!("kubectl-mendix {}", self.name)
    }
}

/// `node1`, `node2`, …
pub(crate) fn node_name(node: u8) -> String {
    format!("node{node}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_break_paths_are_refused() {
        for name in ["", "Dev", "a/b", "..", "1st", "thirteen-char", "a b"] {
            assert!(Paths::new(name).is_err(), "{name:?}");
        }
        assert!(Paths::new("dev-2").is_ok());
    }

    #[test]
    fn the_longest_socket_paths_fit() {
        let paths = Paths::new("twelve-chars").unwrap();
        let shims = paths.node_run(99).join("s");
        assert!(shims.as_os_str().len() <= 42, "{}", shims.display());
        let kubelet = paths.node_state(99).join("kubelet/pod-resources/kubelet.sock");
        assert!(kubelet.as_os_str().len() < 108, "{}", kubelet.display());
    }

    #[test]
    fn a_cluster_is_known_by_its_administrators_kubeconfig() {
        let dev = Paths::new("dev").unwrap();
        let name = |file: &Path| Paths::of_admin(file).map(|paths| paths.name().to_owned());
        assert_eq!(name(&dev.kubeconfig(ADMIN)).as_deref(), Some("dev"));
        assert_eq!(name(&dev.kubeconfig("scheduler")), None);
        assert_eq!(name(Path::new("/root/dev/admin.kubeconfig")), None);
    }

    #[test]
    fn no_cluster_has_anothers_prefix() {
        let prefix = Paths::new("a").unwrap().namespace_prefix();
        assert!(
            !Paths::new("ab")
                .unwrap()
                .network_namespace(1)
                .starts_with(&prefix)
        );
    }
}
