//! The name server of a node, and the right it needs.

use crate::{
    addresses::{AddressPlan, NAME_SERVER},
    control_plane::program,
    daemon::Daemon,
    paths::{Paths, node_name},
    rights,
};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};

/// User that the name servers are to the API server.
pub(crate) const USER: &str = "mendix-test:dns";
const GROUP_OF_SLICES: &str = "discovery.k8s.io";
/// Port of its health, on the node's address.
pub(crate) const HEALTH_PORT: u16 = 8181;

pub(crate) fn daemon_name(node: u8) -> String {
    format!("{}-coredns", node_name(node))
}

pub(crate) fn coredns(paths: &Paths, node: u8) -> Daemon {
    let settings = paths.node_state(node).join("Corefile");
    let words = vec![program(paths, "coredns"), format!("-conf={}", settings.display())];
    Daemon {
        namespace: Some(paths.network_namespace(node)),
        ..Daemon::new(daemon_name(node), words)
    }
}

/// Nothing is asked outside: a name that the cluster does not know does not exist, and that is said at once. That
/// answer needs a block of its own, for within one block it would come before the others.
pub(crate) fn settings(paths: &Paths, plan: AddressPlan, node: u8) -> String {
    let cluster = paths.name();
    let kubeconfig = paths.kubeconfig("dns").display().to_string();
    let (machine, address) = (plan.machine(), plan.node(node));
    format!(
        "cluster.local in-addr.arpa ip6.arpa {{
    bind {NAME_SERVER}
    errors
    ready {address}:{HEALTH_PORT}
    kubernetes {{
        kubeconfig {kubeconfig}
        ttl 1
    }}
}}

{cluster} {{
    bind {NAME_SERVER}
    errors
    hosts {{
        {machine} registry.{cluster} postgres.{cluster}
    }}
}}

. {{
    bind {NAME_SERVER}
    errors
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"
    )
}

/// Objects that let the name servers see what they answer for.
pub(crate) fn rights() -> (ClusterRole, ClusterRoleBinding) {
    let seeing = |group: &str, resources: &[&str]| rights::rule(group, resources, &["list", "watch"]);
    let rules = vec![
        seeing("", &["namespaces", "services", "pods"]),
        seeing(GROUP_OF_SLICES, &["endpointslices"]),
    ];
    rights::of_user(USER, rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_are_answered_and_not_forwarded() {
        let text = settings(&Paths::new("dev").unwrap(), AddressPlan::new(1), 1);
        let (known, unknown) = text.split_once("\n. {").unwrap();
        assert!(unknown.contains("rcode NXDOMAIN") && !known.contains("rcode"));
        assert!(!text.contains("forward "));
        assert!(text.contains("10.89.1.1 registry.dev postgres.dev"));
    }
}
