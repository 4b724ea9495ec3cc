//! A node's power.

use crate::{
    daemon, kill, processes, secrets_store,
    site::{Site, node_parts},
    start,
};
use anyhow::Result;
use std::collections::BTreeSet;

/// Ends all processes of a node.
pub(crate) fn off(site: &Site, node: u8) -> Result<()> {
    kill::until_none(|| victims(site, node))
}

/// Starts a node's daemons. Its kubelet finds its pods ended, and starts again those that it still has.
pub(crate) fn on(site: &Site, node: u8) -> Result<()> {
    start::restart_node(site, node)?;
    secrets_store::restart(site, node)
}

/// As for a whole cluster, by four ways: shims are in the group of the daemons of all nodes, and pods have network
/// namespaces of their own.
fn victims(site: &Site, node: u8) -> BTreeSet<u32> {
    let paths = &site.paths;
    let parts = node_parts(paths, site.plan(), node);
    let by_file = parts
        .iter()
        .filter_map(|part| daemon::running(paths, &part.daemon));
    let folders = [paths.node_state(node), paths.node_run(node)];
    let by_command_line = processes::working_in(&processes::all(), &folders);
    let by_group = site.cgroups.node_processes(paths, node);
    let by_namespace = kill::in_namespace(&paths.network_namespace(node));
    by_file
        .chain(by_command_line)
        .chain(by_group)
        .chain(by_namespace)
        .collect()
}
