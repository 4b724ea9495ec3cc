//! Every address of a cluster, derived from its index, so that clusters side by side never share one.

use std::{net::Ipv4Addr, ops::RangeInclusive};

/// Indexes a cluster may have: the service and pod ranges of the last still end below 10.221.
pub(crate) const INDEXES: RangeInclusive<u8> = 1..=60;
/// Nodes a cluster may have: each has its own pod range and address.
pub(crate) const MAXIMUM_NODES: u8 = 99;
/// Where each node's own name server listens: a link-local address, the same on every node.
pub(crate) const NAME_SERVER: Ipv4Addr = Ipv4Addr::new(169, 254, 20, 10);

/// Port of PostgreSQL, on the machine's address.
pub(crate) const POSTGRES_PORT: u16 = 5432;
/// Port of the registry, on the machine's address.
pub(crate) const REGISTRY_PORT: u16 = 5000;

/// The addresses of one cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressPlan {
    index: u8,
}

impl AddressPlan {
    pub(crate) const fn new(index: u8) -> Self {
        Self { index }
    }

    /// The bridge in the machine's own network namespace.
    pub(crate) fn bridge(self) -> String {
        format!("mx{}", self.index)
    }

    /// The machine's end of node `node`'s cable.
    pub(crate) fn cable(self, node: u8) -> String {
        format!("mx{}n{node}", self.index)
    }

    /// The machine's address in the cluster's network, where everything but the nodes listens.
    pub(crate) const fn machine(self) -> Ipv4Addr {
        Ipv4Addr::new(10, 89, self.index, 1)
    }

    /// For what no pod may reach (etcd has no password here): a loopback address of this cluster alone.
    pub(crate) const fn private(self) -> Ipv4Addr {
        Ipv4Addr::new(127, 89, self.index, 1)
    }

    pub(crate) const fn node(self, node: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 89, self.index, 10 + node)
    }

    pub(crate) fn service_range(self) -> String {
        format!("{}/16", Ipv4Addr::new(10, 96 + self.index, 0, 0))
    }

    /// The address of Service `kubernetes`: the first of the service range.
    pub(crate) const fn api_service(self) -> Ipv4Addr {
        Ipv4Addr::new(10, 96 + self.index, 0, 1)
    }

    pub(crate) fn pod_range(self) -> String {
        format!("{}/16", Ipv4Addr::new(10, 160 + self.index, 0, 0))
    }

    pub(crate) fn node_pod_range(self, node: u8) -> String {
        format!("{}/24", Ipv4Addr::new(10, 160 + self.index, node, 0))
    }

    /// `https://…` of the API server.
    pub(crate) fn api_server(self) -> String {
        format!("https://{}:6443", self.machine())
    }

    /// `HOST:PORT` of the registry.
    pub(crate) fn registry(self) -> String {
        format!("{}:{REGISTRY_PORT}", self.machine())
    }
}

/// The smallest index that nobody has.
pub(crate) fn free_index(taken: &[u8]) -> Option<u8> {
    INDEXES.into_iter().find(|index| !taken.contains(index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_first_cluster_has_the_documented_addresses() {
        let plan = AddressPlan::new(1);
        assert_eq!(plan.machine().to_string(), "10.89.1.1");
        assert_eq!(plan.node(1).to_string(), "10.89.1.11");
        assert_eq!(plan.service_range(), "10.97.0.0/16");
        assert_eq!(plan.api_service().to_string(), "10.97.0.1");
        assert_eq!(plan.node_pod_range(2), "10.161.2.0/24");
        assert_eq!(plan.registry(), "10.89.1.1:5000");
    }

    #[test]
    fn no_two_clusters_share_a_range_or_a_link() {
        let ranges = |index| {
            let plan = AddressPlan::new(index);
            [
                format!("{}/24", plan.machine()),
                plan.service_range(),
                plan.pod_range(),
                plan.bridge(),
                plan.private().to_string(),
            ]
        };
        let all: Vec<_> = INDEXES.flat_map(ranges).collect();
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn link_names_fit_the_kernel() {
        let longest = AddressPlan::new(*INDEXES.end()).cable(MAXIMUM_NODES);
        assert!(longest.len() <= 15, "{longest}");
    }

    #[test]
    fn the_last_node_has_an_address() {
        assert!(u16::from(MAXIMUM_NODES) + 10 < 255);
    }

    #[test]
    fn the_smallest_free_index_is_taken() {
        assert_eq!(free_index(&[1, 3]), Some(2));
        assert_eq!(free_index(&INDEXES.collect::<Vec<_>>()), None);
    }
}
