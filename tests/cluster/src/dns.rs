//! The name server of a node, and the right it needs.

use crate::{
    addresses::{AddressPlan, NAME_SERVER},
    control_plane::program,
    daemon::Daemon,
    paths::{Paths, node_name},
};
use k8s_openapi::{
    api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

/// User that the name servers are to the API server.
pub(crate) const USER: &str = "mendix-test:dns";
const GROUP_OF_RIGHTS: &str = "rbac.authorization.k8s.io";
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
    let metadata = ObjectMeta {
        name: Some(USER.to_owned()),
        ..ObjectMeta::default()
    };
    let seeing = |group: &str, resources: &[&str]| PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(resources.iter().map(|resource| (*resource).to_owned()).collect()),
        verbs: vec!["list".to_owned(), "watch".to_owned()],
        ..PolicyRule::default()
    };
    let rules = vec![
        seeing("", &["namespaces", "services", "pods"]),
        seeing(GROUP_OF_SLICES, &["endpointslices"]),
    ];
    let role = ClusterRole {
        metadata: metadata.clone(),
        rules: Some(rules),
        aggregation_rule: None,
    };
    let group = || Some(GROUP_OF_RIGHTS.to_owned());
    let role_ref = RoleRef {
        api_group: group(),
        kind: "ClusterRole".to_owned(),
        name: USER.to_owned(),
    };
    let subject = Subject {
        api_group: group(),
        kind: "User".to_owned(),
        name: USER.to_owned(),
        namespace: None,
    };
    (
        role,
        ClusterRoleBinding {
            metadata,
            role_ref,
            subjects: Some(vec![subject]),
        },
    )
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

    #[test]
    fn the_right_is_given_to_the_certificates_user() {
        let (role, binding) = rights();
        assert_eq!(
            role.metadata.name.as_deref(),
            Some(binding.role_ref.name.as_str())
        );
        assert_eq!(binding.subjects.unwrap()[0].name, USER);
    }
}
