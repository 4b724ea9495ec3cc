//! What every step of starting, watching and removing one cluster needs to know.

use crate::{
    addresses::{AddressPlan, REGISTRY_PORT},
    cgroups::Cgroups,
    containerd, control_plane, dns, node,
    paths::{ADMIN, Paths, node_name},
    postgres,
    record::Record,
    registry,
};
use std::{
    net::{SocketAddr, SocketAddrV4},
    path::PathBuf,
};

/// One cluster on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) paths: Paths,
    pub(crate) record: Record,
    pub(crate) cgroups: Cgroups,
}

impl Site {
    pub(crate) const fn plan(&self) -> AddressPlan {
        self.record.addresses()
    }

    /// kubeconfig of the administrator.
    pub(crate) fn admin(&self) -> PathBuf {
        self.paths.kubeconfig(ADMIN)
    }
}

/// How one sees that a daemon does its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// An HTTP answer 200 to this path.
    Http(SocketAddr, &'static str),
    Connect(SocketAddr),
    ConnectUnix(PathBuf),
    Postgres,
    ApiServer,
    /// The API server calls this node Ready.
    Node(String),
}

/// A daemon and its probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) daemon: String,
    pub(crate) probe: Probe,
}

/// Every daemon of the cluster.
pub(crate) fn parts(paths: &Paths, record: &Record) -> Vec<Part> {
    let plan = record.addresses();
    let private = |port| SocketAddr::V4(SocketAddrV4::new(plan.private(), port));
    let registry = SocketAddr::V4(SocketAddrV4::new(plan.machine(), REGISTRY_PORT));
    let part = |daemon: &str, probe| Part {
        daemon: daemon.to_owned(),
        probe,
    };
    let mut parts = vec![
        part(
            control_plane::ETCD,
            Probe::Http(private(control_plane::ETCD_PORT), "/health"),
        ),
        part(control_plane::API_SERVER, Probe::ApiServer),
        part(
            control_plane::CONTROLLER_MANAGER,
            Probe::Connect(private(control_plane::CONTROLLER_MANAGER_PORT)),
        ),
        part(
            control_plane::SCHEDULER,
            Probe::Connect(private(control_plane::SCHEDULER_PORT)),
        ),
        part(registry::REGISTRY, Probe::Http(registry, "/v2/")),
        part(postgres::POSTGRES, Probe::Postgres),
    ];
    parts.extend((1..=record.nodes).flat_map(|node| node_parts(paths, plan, node)));
    parts
}

/// The daemons of one node.
pub(crate) fn node_parts(paths: &Paths, plan: AddressPlan, node: u8) -> Vec<Part> {
    let address = |port| SocketAddr::V4(SocketAddrV4::new(plan.node(node), port));
    vec![
        Part {
            daemon: containerd::daemon_name(node),
            probe: Probe::ConnectUnix(paths.containerd_socket(node)),
        },
        Part {
            daemon: dns::daemon_name(node),
            probe: Probe::Http(address(dns::HEALTH_PORT), "/ready"),
        },
        Part {
            daemon: node::proxy_name(node),
            probe: Probe::Http(address(node::PROXY_HEALTH_PORT), "/healthz"),
        },
        Part {
            daemon: node::kubelet_name(node),
            probe: Probe::Node(node_name(node)),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_adds_its_four_daemons() {
        let paths = Paths::new("dev").unwrap();
        let count = |nodes| {
            parts(
                &paths,
                &Record {
                    index: 1,
                    nodes,
                    audit_log: false,
                    api_server_arguments: vec![],
                },
            )
            .len()
        };
        assert_eq!(count(1), 10);
        assert_eq!(count(3), 18);
    }
}
