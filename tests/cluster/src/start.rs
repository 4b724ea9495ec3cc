//! Starts a cluster from nothing, and adds nodes to one that runs.

use crate::{
    api,
    certificates::Authorities,
    containerd, control_plane,
    daemon::{self, Daemon},
    dns, health, image, kubeconfig, network, node, postgres, registry,
    site::{Part, Site, node_parts, parts},
    tools::Tools,
    watchers,
};
use anyhow::{Context as _, Result, anyhow};
use std::{thread, time::Duration};

/// A daemon that is not ready by then will not be.
const LIMIT: Duration = Duration::from_mins(1);

/// Starts everything and waits until pods can be made.
pub(crate) fn start(site: &Site, tools: &Tools) -> Result<()> {
    tools.link_into(&site.paths.bin())?;
    site.cgroups.create(&site.paths)?;
    network::create_bridge(&site.paths, site.plan())?;
    let authorities = Authorities::create(&site.paths, site.plan())?;
    write_files(site)?;
    let nodes = 1..=site.record.nodes;
    nodes
        .clone()
        .try_for_each(|node| prepare_node(site, &authorities, node))?;
    thread::scope(|scope| {
        let database = scope.spawn(|| start_postgres(site));
        let images = scope.spawn(|| start_registry(site));
        start_control_plane(site)?;
        nodes.clone().try_for_each(|node| start_node(site, node))?;
        nodes.clone().try_for_each(|node| wait_for_node(site, node))?;
        wait_for_service_account(site)?;
        joined(database.join())?;
        joined(images.join())
    })
}

/// Adds the nodes after `site.record.nodes` up to `count` to a running cluster.
pub(crate) fn add_nodes(site: &mut Site, count: u8) -> Result<()> {
    let added = site.record.nodes + 1..=count;
    // First the record, so that nothing of a node is made that cleaning would not look for.
    site.record.nodes = count;
    site.record.write(&site.paths)?;
    let authorities = Authorities::read(&site.paths)?;
    added
        .clone()
        .try_for_each(|node| prepare_node(site, &authorities, node))?;
    added.clone().try_for_each(|node| start_node(site, node))?;
    added.clone().try_for_each(|node| wait_for_node(site, node))
}

/// Starts the daemons of a node that was there before, and waits for them.
pub(crate) fn restart_node(site: &Site, node: u8) -> Result<()> {
    containerd::containerd(&site.paths, node).start(&site.paths, &site.cgroups)?;
    start_node(site, node)?;
    wait_for_node(site, node)
}

fn write_files(site: &Site) -> Result<()> {
    let users = ["admin", "controller-manager", "scheduler", "proxy", "dns"];
    users
        .iter()
        .try_for_each(|user| kubeconfig::write(&site.paths, site.plan(), user))?;
    control_plane::write_files(&site.paths)?;
    registry::write_files(&site.paths, site.plan())
}

/// Network, files and container runtime of a node: all that needs no API server.
fn prepare_node(site: &Site, authorities: &Authorities, node: u8) -> Result<()> {
    watchers::allow()?;
    network::create_node(&site.paths, site.plan(), node)?;
    authorities.create_node(&site.paths, site.plan(), node)?;
    site.cgroups.create_node(&site.paths, node)?;
    node::write_files(&site.paths, site.plan(), &site.cgroups, node)?;
    containerd::containerd(&site.paths, node).start(&site.paths, &site.cgroups)
}

fn start_control_plane(site: &Site) -> Result<()> {
    let (paths, plan) = (&site.paths, site.plan());
    start_ready(site, &control_plane::etcd(paths, plan))?;
    start_ready(site, &control_plane::api_server(paths, &site.record))?;
    control_plane::controller_manager(paths, plan).start(paths, &site.cgroups)?;
    control_plane::scheduler(paths, plan).start(paths, &site.cgroups)?;
    api::block_on(api::grant(&site.admin(), dns::rights()))
}

fn start_node(site: &Site, node: u8) -> Result<()> {
    let (paths, plan) = (&site.paths, site.plan());
    // A kubelet ends when its container runtime does not answer.
    wait_for_daemon(site, &containerd::daemon_name(node))?;
    let daemons = [
        node::kubelet(paths, plan, node),
        node::proxy(paths, node),
        dns::coredns(paths, node),
    ];
    daemons
        .iter()
        .try_for_each(|daemon| daemon.start(paths, &site.cgroups))
}

fn start_postgres(site: &Site) -> Result<()> {
    postgres::create(&site.paths)?;
    start_ready(site, &postgres::postgres(&site.paths, site.plan())?)
}

fn start_registry(site: &Site) -> Result<()> {
    start_ready(site, &registry::registry(&site.paths))?;
    image::push(&site.paths, site.plan())
}

/// Starts a daemon and waits until it answers.
fn start_ready(site: &Site, daemon: &Daemon) -> Result<()> {
    daemon.start(&site.paths, &site.cgroups)?;
    wait_for_daemon(site, &daemon.name)
}

fn wait_for_daemon(site: &Site, name: &str) -> Result<()> {
    let parts = parts(&site.paths, &site.record);
    parts
        .iter()
        .filter(|part| part.daemon == name)
        .try_for_each(|part| wait_for(site, part))
}

fn wait_for(site: &Site, part: &Part) -> Result<()> {
    daemon::wait(&site.paths, &part.daemon, LIMIT, || {
        health::answers(site, &part.probe)
    })
}

fn wait_for_node(site: &Site, node: u8) -> Result<()> {
    node_parts(&site.paths, site.plan(), node)
        .iter()
        .try_for_each(|part| wait_for(site, part))
}

/// Pods need the service account that the controller manager makes in each namespace.
fn wait_for_service_account(site: &Site) -> Result<()> {
    daemon::wait(&site.paths, control_plane::CONTROLLER_MANAGER, LIMIT, || {
        api::block_on(api::has_service_account(&site.admin())).unwrap_or(false)
    })
}

fn joined(ended: thread::Result<Result<()>>) -> Result<()> {
    ended
        .map_err(|_| anyhow!("a starting thread panicked"))
        .and_then(|result| result)
        .context("failed to start the cluster")
}
