//! The container runtime of a node. Everything it keeps is below the cluster's own folders, so that several can run.

use crate::{
    addresses::AddressPlan,
    control_plane::program,
    daemon::Daemon,
    image,
    paths::{Paths, node_name},
};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::{fs, path::Path};

pub(crate) fn daemon_name(node: u8) -> String {
    format!("{}-containerd", node_name(node))
}

pub(crate) fn containerd(paths: &Paths, node: u8) -> Daemon {
    let config = paths.node_state(node).join("containerd.toml");
    let words = vec![
        program(paths, "containerd"),
        format!("--config={}", config.display()),
    ];
    Daemon {
        namespace: Some(paths.network_namespace(node)),
        ..Daemon::new(daemon_name(node), words)
    }
}

/// Writes what containerd of `node` reads: its settings, the pod network, and how to reach the registry.
pub(crate) fn write_files(paths: &Paths, plan: AddressPlan, node: u8) -> Result<()> {
    let state = paths.node_state(node);
    write(&state.join("containerd.toml"), &settings(paths, plan, node))?;
    write(
        &state.join("cni/10-pods.conflist"),
        &pod_network(paths, plan, node).to_string(),
    )?;
    write(
        &state.join("registries").join(plan.registry()).join("hosts.toml"),
        &registry_host(plan),
    )?;
    let run = paths.node_run(node);
    fs::create_dir_all(&run).with_context(|| format!("failed to create {}", run.display()))
}

fn settings(paths: &Paths, plan: AddressPlan, node: u8) -> String {
    let state = paths.node_state(node).display().to_string();
    let run = paths.node_run(node).display().to_string();
    let socket = paths.containerd_socket(node).display().to_string();
    let sandbox = image::reference(plan);
    format!(
        r#"version = 3
root = "{state}/containerd"
state = "{run}/containerd"
# The first keeps files in /opt, the second listens at one path for the whole machine.
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]

[grpc]
  address = "{socket}"

[ttrpc]
  address = "{socket}.ttrpc"

[plugins."io.containerd.shim.v1.manager"]
  socket_dir = "{run}/s"

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{sandbox}"

[plugins."io.containerd.cri.v1.images".registry]
  config_path = "{state}/registries"

[plugins."io.containerd.cri.v1.runtime"]
  # Root without CAP_SYS_RESOURCE may lower nobody's score: without this every sandbox would die.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
  Root = "{run}/runc"

[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["/usr/lib/cni"]
  conf_dir = "{state}/cni"
"#
    )
}

/// Pods keep their addresses on the way: every node and the machine know the way back.
fn pod_network(paths: &Paths, plan: AddressPlan, node: u8) -> Value {
    json!({
        "cniVersion": "1.0.0",
        "name": paths.cgroup(),
        "plugins": [
            {
                "type": "bridge",
                "bridge": "pods",
                "isGateway": true,
                "ipMasq": false,
                "hairpinMode": true,
                "ipam": {
                    "type": "host-local",
                    "dataDir": paths.node_run(node).join("pod-addresses"),
                    "ranges": [[{ "subnet": plan.node_pod_range(node) }]],
                    "routes": [{ "dst": "0.0.0.0/0" }],
                },
            },
            { "type": "portmap", "capabilities": { "portMappings": true } },
        ],
    })
}

fn registry_host(plan: AddressPlan) -> String {
    let host = format!("http://{}", plan.registry());
    format!("server = \"{host}\"\n\n[host.\"{host}\"]\n  capabilities = [\"pull\", \"resolve\"]\n")
}

pub(crate) fn write(file: &Path, text: &str) -> Result<()> {
    let context = || format!("failed to write {}", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(context)?;
    }
    fs::write(file, text).with_context(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_nodes_share_no_path() {
        let paths = Paths::new("dev").unwrap();
        let quoted = |node| {
            let text = settings(&paths, AddressPlan::new(1), node);
            let paths = text
                .split('"')
                .filter(|part| part.starts_with("/var") || part.starts_with("/run"));
            paths.map(str::to_owned).collect::<Vec<_>>()
        };
        let (one, two) = (quoted(1), quoted(2));
        assert!(one.len() > 5);
        assert!(one.iter().all(|path| !two.contains(path)), "{one:?}");
    }

    #[test]
    fn pods_get_their_nodes_range_and_are_not_masqueraded() {
        let network = pod_network(&Paths::new("dev").unwrap(), AddressPlan::new(1), 2);
        let bridge = &network["plugins"][0];
        assert_eq!(bridge["ipam"]["ranges"][0][0]["subnet"], "10.161.2.0/24");
        assert_eq!(bridge["ipMasq"], false);
    }

    #[test]
    fn the_registry_is_reached_without_tls() {
        assert!(registry_host(AddressPlan::new(2)).starts_with("server = \"http://10.89.2.1:5000\""));
    }
}
