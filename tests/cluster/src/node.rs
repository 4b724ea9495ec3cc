//! A node: kubelet and kube-proxy beside its containerd and its name server, all in its own network namespace.

use crate::{
    addresses::{AddressPlan, NAME_SERVER},
    cgroups::Cgroups,
    containerd::{self, write},
    control_plane::program,
    daemon::Daemon,
    dns, kubeconfig,
    paths::{Paths, node_name},
};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Port of kube-proxy's health, on the node's address.
pub(crate) const PROXY_HEALTH_PORT: u16 = 10256;

pub(crate) fn kubelet_name(node: u8) -> String {
    format!("{}-kubelet", node_name(node))
}

pub(crate) fn proxy_name(node: u8) -> String {
    format!("{}-kube-proxy", node_name(node))
}

pub(crate) fn kubelet(paths: &Paths, plan: AddressPlan, node: u8) -> Daemon {
    let state = paths.node_state(node).display().to_string();
    let words = vec![
        program(paths, "kubelet"),
        format!("--config={state}/kubelet.json"),
        format!("--kubeconfig={}", paths.kubeconfig(&node_name(node)).display()),
        format!("--hostname-override={}", node_name(node)),
        format!("--node-ip={}", plan.node(node)),
        format!("--root-dir={state}/kubelet"),
        format!("--cert-dir={state}/kubelet/pki"),
    ];
    Daemon {
        namespace: Some(paths.network_namespace(node)),
        ..Daemon::new(kubelet_name(node), words)
    }
}

pub(crate) fn proxy(paths: &Paths, node: u8) -> Daemon {
    let config = paths.node_state(node).join("kube-proxy.json");
    let words = vec![
        program(paths, "kube-proxy"),
        format!("--config={}", config.display()),
    ];
    Daemon {
        namespace: Some(paths.network_namespace(node)),
        ..Daemon::new(proxy_name(node), words)
    }
}

/// Writes everything that the daemons of `node` read.
pub(crate) fn write_files(paths: &Paths, plan: AddressPlan, cgroups: &Cgroups, node: u8) -> Result<()> {
    let state = paths.node_state(node);
    containerd::write_files(paths, plan, node)?;
    kubeconfig::write(paths, plan, &node_name(node))?;
    // Pods of which the API server sees a mirror only; tests of the gate put them there.
    std::fs::create_dir_all(static_pods(&state)).context("failed to make the folder of static pods")?;
    write(&state.join("resolv.conf"), &resolver())?;
    write(
        &state.join("kubelet.json"),
        &kubelet_settings(paths, plan, cgroups.unified, node).to_string(),
    )?;
    write(
        &state.join("kube-proxy.json"),
        &proxy_settings(paths, plan, node).to_string(),
    )?;
    write(&state.join("Corefile"), &dns::settings(paths, plan, node))
}

fn static_pods(state: &Path) -> PathBuf {
    state.join("static-pods")
}

/// For pods in the node's own network. The machine's name servers cannot be reached from there.
fn resolver() -> String {
    format!("nameserver {NAME_SERVER}\n")
}

fn kubelet_settings(paths: &Paths, plan: AddressPlan, unified: bool, node: u8) -> Value {
    let state = paths.node_state(node);
    let name = node_name(node);
    let mut settings = json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": plan.node(node),
        "staticPodPath": static_pods(&state),
        "authentication": {
            "anonymous": { "enabled": false },
            "webhook": { "enabled": true },
            "x509": { "clientCAFile": paths.pki("ca.crt") },
        },
        "authorization": { "mode": "Webhook" },
        "tlsCertFile": paths.pki(&format!("{name}-server.crt")),
        "tlsPrivateKeyFile": paths.pki(&format!("{name}-server.key")),
        "containerRuntimeEndpoint": format!("unix://{}", paths.containerd_socket(node).display()),
        "clusterDNS": [NAME_SERVER],
        "clusterDomain": "cluster.local",
        "resolvConf": state.join("resolv.conf"),
        "podLogsDir": state.join("pod-logs"),
        "volumePluginDir": state.join("volume-plugins"),
    });
    merge(&mut settings, kubelet_limits(paths, unified, node));
    settings
}

/// What the kubelet may assume of the machine, and how fast it works.
fn kubelet_limits(paths: &Paths, unified: bool, node: u8) -> Value {
    let mut settings = json!({
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": format!("/{}/{}", paths.cgroup(), node_name(node)),
        "failSwapOn": false,
        "oomScoreAdj": 0,
        "maxPods": 250,
        "serializeImagePulls": false,
        "registryPullQPS": 0,
        "kubeAPIQPS": 100,
        "kubeAPIBurst": 200,
        "eventRecordQPS": 0,
        "nodeStatusUpdateFrequency": "4s",
        // The machine's disk may be nearly full for reasons that are none of the cluster's.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    });
    if !unified {
        merge(&mut settings, json!({ "failCgroupV1": false }));
    }
    settings
}

fn proxy_settings(paths: &Paths, plan: AddressPlan, node: u8) -> Value {
    json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": { "kubeconfig": paths.kubeconfig("proxy") },
        "hostnameOverride": node_name(node),
        "mode": "iptables",
        // What comes from outside of the pods, as from the machine, is masqueraded: its answers must come back by
        // the node that it came through.
        "clusterCIDR": plan.pod_range(),
        // These settings belong to the whole machine; a namespace may not write them.
        "conntrack": { "maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s" },
        "iptables": { "minSyncPeriod": "0s" },
        "nodePortAddresses": ["primary"],
        "oomScoreAdj": 0,
        "healthzBindAddress": format!("{}:{PROXY_HEALTH_PORT}", plan.node(node)),
        "metricsBindAddress": "127.0.0.1:10249",
    })
}

/// Adds the fields of one object to another.
fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(unified: bool) -> Value {
        kubelet_settings(&Paths::new("dev").unwrap(), AddressPlan::new(1), unified, 2)
    }

    #[test]
    fn a_kubelet_lets_nobody_in_without_a_name() {
        let settings = settings(true);
        assert_eq!(settings["authentication"]["anonymous"]["enabled"], false);
        assert_eq!(settings["authorization"]["mode"], "Webhook");
    }

    #[test]
    fn each_kubelet_has_its_own_group_and_address() {
        let settings = settings(true);
        assert_eq!(settings["cgroupRoot"], "/mx-dev/node2");
        assert_eq!(settings["address"], "10.89.1.12");
    }

    #[test]
    fn version_1_control_groups_are_allowed_only_where_they_are() {
        assert_eq!(settings(false)["failCgroupV1"], false);
        assert!(settings(true).get("failCgroupV1").is_none());
    }

    #[test]
    fn traffic_from_the_machine_is_masqueraded() {
        let settings = proxy_settings(&Paths::new("dev").unwrap(), AddressPlan::new(1), 1);
        assert_eq!(settings["clusterCIDR"], "10.161.0.0/16");
    }

    #[test]
    fn a_node_daemon_runs_in_the_nodes_namespace() {
        let paths = Paths::new("dev").unwrap();
        assert_eq!(
            kubelet(&paths, AddressPlan::new(1), 2).namespace.as_deref(),
            Some("mx-dev-node2")
        );
        assert_eq!(proxy(&paths, 2).namespace.as_deref(), Some("mx-dev-node2"));
    }
}
