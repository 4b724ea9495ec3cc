//! The Secrets Store CSI driver, for tests that mount a `SecretProviderClass`.
//!
//! The driver is the real one. Beside it, on each node, runs a stand-in of ours (`tools/secrets-store`) for what makes
//! it known to the kubelet, and for a provider of secrets. Both are daemons of their node: what ends a node, or cleans
//! up after a killed run, ends them. The record does not tell of them, for a cluster is whole without them.

use crate::{
    api,
    certificates::Authorities,
    cluster::Cluster,
    control_plane::program,
    daemon::{self, Daemon},
    health, kubeconfig,
    lock::FileLock,
    paths::{Paths, node_name},
    secrets_store_objects::{self as objects, DRIVER_NAME},
    site::{Probe, Site},
    tools::{self, Tools},
};
use anyhow::{Context as _, Result};
use std::{fs, path::PathBuf, time::Duration};

/// `spec.provider` of a `SecretProviderClass` that [`Cluster::secrets_store_driver`] can mount.
pub const SECRETS_STORE_PROVIDER: &str = "stand-in";
/// The one parameter of such a class: the files to mount, as a JSON object of their names and contents.
pub const SECRETS_STORE_FILES: &str = "files";

/// File name of the driver's certificate and kubeconfig.
pub(crate) const USER_FILE: &str = "secrets-store";
const DRIVER: &str = "secrets-store-csi-driver";
const STAND_IN: &str = "secrets-store-stand-in";
/// A daemon that is not ready by then will not be.
const LIMIT: Duration = Duration::from_mins(1);

impl Cluster {
    /// Starts the Secrets Store CSI driver on every node where it does not run, and waits until each kubelet knows it.
    ///
    /// # Errors
    /// When the cluster does not run on this machine, the driver cannot be built, or a part of it does not start.
    pub fn secrets_store_driver(&self) -> Result<()> {
        let site = self.embedded()?;
        let tools = Tools::require(tools::SECRETS_STORE)?;
        // Tests that need it start together.
        let _lock = FileLock::exclusive(&site.paths.lock())?;
        tools.link_into(&site.paths.bin())?;
        Authorities::read(&site.paths)?.create_secrets_store(&site.paths)?;
        kubeconfig::write(&site.paths, site.plan(), USER_FILE)?;
        api::block_on(objects::apply(&site.admin()))?;
        (1..=site.record.nodes).try_for_each(|node| start(site, node))
    }
}

/// Starts the driver on a node that had it: without it the kubelet could not even let go of the pods that it mounted for.
pub(crate) fn restart(site: &Site, node: u8) -> Result<()> {
    let had = site.paths.pid(&driver(&site.paths, node).name).exists();
    if had { start(site, node) } else { Ok(()) }
}

/// The stand-in comes last: a kubelet that it tells of the driver asks the driver at once.
fn start(site: &Site, node: u8) -> Result<()> {
    let paths = &site.paths;
    let folder = providers(paths, node);
    fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
    let driver = driver(paths, node);
    start_missing(site, &driver)?;
    let listens = Probe::ConnectUnix(driver_socket(paths, node));
    daemon::wait(paths, &driver.name, LIMIT, || health::answers(site, &listens))?;
    let stand_in = stand_in(paths, node);
    start_missing(site, &stand_in)?;
    daemon::wait(paths, &stand_in.name, LIMIT, || {
        api::block_on(api::has_driver(&site.admin(), &node_name(node), DRIVER_NAME)).unwrap_or(false)
    })
}

fn start_missing(site: &Site, daemon: &Daemon) -> Result<()> {
    match daemon::running(&site.paths, &daemon.name) {
        Some(_) => Ok(()),
        None => daemon.start(&site.paths, &site.cgroups),
    }
}

fn driver(paths: &Paths, node: u8) -> Daemon {
    let providers = providers(paths, node).display().to_string();
    let words = vec![
        program(paths, DRIVER),
        format!("--endpoint=unix://{}", driver_socket(paths, node).display()),
        format!("--nodeid={}", node_name(node)),
        format!("--kubeconfig={}", paths.kubeconfig(USER_FILE).display()),
        format!("--provider-volume={providers}"),
        // Else it would look in a folder of the machine first.
        format!("--additional-provider-volume-paths={providers}"),
        "--metrics-addr=0".into(),
    ];
    of_node(paths, node, DRIVER, words)
}

fn stand_in(paths: &Paths, node: u8) -> Daemon {
    let registrations = paths.node_state(node).join("kubelet/plugins_registry");
    let registration = registrations.join(format!("{DRIVER_NAME}.sock"));
    let provider = providers(paths, node).join(format!("{SECRETS_STORE_PROVIDER}.sock"));
    let words = vec![
        program(paths, STAND_IN),
        format!("--driver={}", driver_socket(paths, node).display()),
        format!("--registration={}", registration.display()),
        format!("--provider={}", provider.display()),
    ];
    of_node(paths, node, STAND_IN, words)
}

fn of_node(paths: &Paths, node: u8, program: &str, words: Vec<String>) -> Daemon {
    Daemon {
        namespace: Some(paths.network_namespace(node)),
        ..Daemon::new(format!("{}-{program}", node_name(node)), words)
    }
}

/// Folder in which the driver looks for the sockets of providers.
fn providers(paths: &Paths, node: u8) -> PathBuf {
    paths.node_run(node).join("secrets-store")
}

fn driver_socket(paths: &Paths, node: u8) -> PathBuf {
    paths.node_run(node).join("secrets-store.sock")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths() -> Paths {
        Paths::new("twelve-chars").unwrap()
    }

    fn flag(daemon: &Daemon, name: &str) -> String {
        let prefix = format!("--{name}=");
        let mut words = daemon.words.iter();
        words
            .find_map(|word| word.strip_prefix(&prefix))
            .unwrap()
            .to_owned()
    }

    #[test]
    fn the_two_meet_at_the_drivers_socket_and_in_its_folder_of_providers() {
        let (driver, stand_in) = (driver(&paths(), 2), stand_in(&paths(), 2));
        let endpoint = flag(&driver, "endpoint");
        assert_eq!(endpoint, format!("unix://{}", flag(&stand_in, "driver")));
        let provider = format!("{}/stand-in.sock", flag(&driver, "provider-volume"));
        assert_eq!(provider, flag(&stand_in, "provider"));
    }

    #[test]
    fn both_run_in_the_network_of_their_node() {
        for daemon in [driver(&paths(), 2), stand_in(&paths(), 2)] {
            assert_eq!(daemon.namespace.as_deref(), Some("mx-twelve-chars-node2"));
            assert!(daemon.name.starts_with("node2-secrets-store-"));
        }
    }

    #[test]
    fn the_longest_socket_paths_fit() {
        for name in ["driver", "registration", "provider"] {
            let socket = flag(&stand_in(&paths(), 99), name);
            assert!(socket.len() < 108, "{socket}");
        }
    }
}
