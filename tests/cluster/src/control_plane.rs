//! etcd, API server, controller manager and scheduler: their command lines, and the order in which they start.
//!
//! They run in the machine's own network namespace. What nodes and pods need listens on the machine's address in the
//! cluster's network; the rest on a loopback address of this cluster.

use crate::{addresses::AddressPlan, daemon::Daemon, paths::Paths, record::Record};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::fs;

pub(crate) const ETCD: &str = "etcd";
pub(crate) const API_SERVER: &str = "kube-apiserver";
pub(crate) const CONTROLLER_MANAGER: &str = "kube-controller-manager";
pub(crate) const SCHEDULER: &str = "kube-scheduler";

/// Port of etcd for clients, on the private address.
pub(crate) const ETCD_PORT: u16 = 2379;
/// Port of the controller manager's health, on the private address.
pub(crate) const CONTROLLER_MANAGER_PORT: u16 = 10257;
/// Port of the scheduler's health, on the private address.
pub(crate) const SCHEDULER_PORT: u16 = 10259;

pub(crate) fn etcd(paths: &Paths, plan: AddressPlan) -> Daemon {
    let clients = format!("http://{}:{ETCD_PORT}", plan.private());
    let peers = format!("http://{}:2380", plan.private());
    let mut words = vec![
        program(paths, ETCD),
        format!("--data-dir={}", paths.state().join("etcd").display()),
    ];
    words.extend([
        format!("--listen-client-urls={clients}"),
        format!("--advertise-client-urls={clients}"),
        format!("--listen-peer-urls={peers}"),
        format!("--initial-advertise-peer-urls={peers}"),
        format!("--initial-cluster=default={peers}"),
        // The cluster does not outlive the machine, so it need not wait for the disk.
        "--unsafe-no-fsync".into(),
    ]);
    Daemon::new(ETCD, words)
}

pub(crate) fn api_server(paths: &Paths, record: &Record) -> Daemon {
    let plan = record.addresses();
    let pki = |file: &str| paths.pki(file).display().to_string();
    let mut words = vec![program(paths, API_SERVER)];
    words.extend([
        format!("--etcd-servers=http://{}:{ETCD_PORT}", plan.private()),
        format!("--bind-address={}", plan.machine()),
        format!("--advertise-address={}", plan.machine()),
        "--secure-port=6443".into(),
        format!("--tls-cert-file={}", pki("api-server.crt")),
        format!("--tls-private-key-file={}", pki("api-server.key")),
        format!("--client-ca-file={}", pki("ca.crt")),
        "--authorization-mode=Node,RBAC".into(),
        "--enable-admission-plugins=NodeRestriction".into(),
        "--allow-privileged".into(),
        format!("--service-cluster-ip-range={}", plan.service_range()),
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local".into(),
        format!("--service-account-key-file={}", pki("tokens.pub")),
        format!("--service-account-signing-key-file={}", pki("tokens.key")),
        format!("--kubelet-certificate-authority={}", pki("ca.crt")),
        format!("--kubelet-client-certificate={}", pki("kubelet-client.crt")),
        format!("--kubelet-client-key={}", pki("kubelet-client.key")),
        // Node names resolve nowhere on the machine.
        "--kubelet-preferred-address-types=InternalIP".into(),
        // Webhooks are called at their pods' addresses: by the service's, they would all go through one node.
        "--enable-aggregator-routing".into(),
    ]);
    words.extend(front_proxy_arguments(paths));
    words.extend(audit_arguments(paths, record.audit_log));
    words.extend(record.api_server_arguments.iter().cloned());
    Daemon::new(API_SERVER, words)
}

/// What lets API servers behind this one (metrics) trust whom it says it speaks for.
fn front_proxy_arguments(paths: &Paths) -> Vec<String> {
    let pki = |file: &str| paths.pki(file).display().to_string();
    vec![
        format!("--proxy-client-cert-file={}", pki("front-proxy.crt")),
        format!("--proxy-client-key-file={}", pki("front-proxy.key")),
        format!("--requestheader-client-ca-file={}", pki("front-proxy-ca.crt")),
        "--requestheader-allowed-names=front-proxy".into(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".into(),
        "--requestheader-group-headers=X-Remote-Group".into(),
        "--requestheader-username-headers=X-Remote-User".into(),
    ]
}

fn audit_arguments(paths: &Paths, wanted: bool) -> Vec<String> {
    if !wanted {
        return Vec::new();
    }
    vec![
        format!(
            "--audit-policy-file={}",
            paths.state().join("audit-policy.json").display()
        ),
        format!("--audit-log-path={}", paths.audit_log().display()),
    ]
}

/// Who did what to which object, without contents: a Secret's would stand in the log.
fn audit_policy() -> Value {
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{ "level": "Metadata" }],
    })
}

/// Writes the files that the control plane reads.
pub(crate) fn write_files(paths: &Paths) -> Result<()> {
    let file = paths.state().join("audit-policy.json");
    fs::write(&file, audit_policy().to_string())
        .with_context(|| format!("failed to write {}", file.display()))
}

pub(crate) fn controller_manager(paths: &Paths, plan: AddressPlan) -> Daemon {
    let pki = |file: &str| paths.pki(file).display().to_string();
    let mut words = vec![program(paths, CONTROLLER_MANAGER)];
    words.extend(component_arguments(
        paths,
        plan,
        "controller-manager",
        CONTROLLER_MANAGER_PORT,
    ));
    words.extend([
        "--use-service-account-credentials".into(),
        format!("--service-account-private-key-file={}", pki("tokens.key")),
        format!("--root-ca-file={}", pki("ca.crt")),
        format!("--cluster-signing-cert-file={}", pki("ca.crt")),
        format!("--cluster-signing-key-file={}", pki("ca.key")),
        format!("--cluster-name={}", paths.name()),
        // A lost node is seen as such after 20 s and not 50: tests wait for it.
        "--node-monitor-grace-period=20s".into(),
        "--kube-api-qps=100".into(),
        "--kube-api-burst=200".into(),
    ]);
    Daemon::new(CONTROLLER_MANAGER, words)
}

pub(crate) fn scheduler(paths: &Paths, plan: AddressPlan) -> Daemon {
    let mut words = vec![program(paths, SCHEDULER)];
    words.extend(component_arguments(paths, plan, "scheduler", SCHEDULER_PORT));
    Daemon::new(SCHEDULER, words)
}

/// Arguments that the controller manager and the scheduler share.
fn component_arguments(paths: &Paths, plan: AddressPlan, user: &str, port: u16) -> Vec<String> {
    let kubeconfig = paths.kubeconfig(user).display().to_string();
    vec![
        format!("--kubeconfig={kubeconfig}"),
        format!("--authentication-kubeconfig={kubeconfig}"),
        format!("--authorization-kubeconfig={kubeconfig}"),
        format!("--bind-address={}", plan.private()),
        format!("--secure-port={port}"),
        // There is one of each: a lease would only delay a restart.
        "--leader-elect=false".into(),
    ]
}

/// Path of a built program, as the cluster's own link.
pub(crate) fn program(paths: &Paths, name: &str) -> String {
    paths.bin().join(name).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dev(audit_log: bool) -> (Paths, Record) {
        let record = Record {
            index: 1,
            nodes: 1,
            audit_log,
            api_server_arguments: vec!["--v=4".into()],
        };
        (Paths::new("dev").unwrap(), record)
    }

    #[test]
    fn no_pod_reaches_etcd() {
        let (paths, record) = dev(false);
        let words = etcd(&paths, record.addresses()).words.join(" ");
        assert!(
            words.contains("--listen-client-urls=http://127.89.1.1:2379"),
            "{words}"
        );
        assert!(!words.contains("10.89."), "{words}");
    }

    #[test]
    fn requests_are_written_down_only_when_asked_for() {
        let audited = |wanted| {
            let (paths, record) = dev(wanted);
            api_server(&paths, &record)
                .words
                .iter()
                .any(|word| word.starts_with("--audit-log-path="))
        };
        assert!(audited(true));
        assert!(!audited(false));
    }

    #[test]
    fn given_arguments_come_last_so_that_they_win() {
        let (paths, record) = dev(true);
        assert_eq!(
            api_server(&paths, &record).words.last().map(String::as_str),
            Some("--v=4")
        );
    }

    #[test]
    fn the_audit_log_has_no_contents() {
        assert_eq!(audit_policy()["rules"][0]["level"], "Metadata");
    }
}
