//! What can be done to a node: its cable cut and mended, its power taken and given back.

use crate::{
    cluster::Cluster,
    network,
    partition::{self, Cut},
    paths::node_name,
    power,
    site::Site,
};
use anyhow::Result;

/// Taint of a node that is kept for tests which give it faults. Pods that are to have them tolerate it.
pub const SPARE_TAINT: &str = "kubectl-mendix.io/spare";

impl Cluster {
    /// Keeps node `number` for pods that tolerate [`SPARE_TAINT`].
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn keep_spare(&self, number: u8) -> Result<()> {
        let taint = format!("{SPARE_TAINT}=:NoSchedule");
        let arguments = ["taint", "nodes", &node_name(number), &taint, "--overwrite"];
        self.kubectl(&arguments).await.map(drop)
    }

    /// Cuts node `number` (from 1) off. Its containers run on.
    ///
    /// # Errors
    /// When there is no such node, or the cluster does not run on this machine.
    pub fn partition(&self, number: u8, cut: Cut) -> Result<()> {
        let site = self.site_with_node(number)?;
        lead_around(site, number)?;
        partition::cut(&site.paths, site.plan(), number, cut)
    }

    /// Joins node `number` again, however it was cut off.
    ///
    /// # Errors
    /// When there is no such node, or the cluster does not run on this machine.
    pub fn heal(&self, number: u8) -> Result<()> {
        let site = self.site_with_node(number)?;
        // The machine's own way to services stays where it is: this node's rules are those of before the cut.
        partition::mend(&site.paths, site.plan(), number)
    }

    /// Takes the power from node `number`: all of its processes end at once, without a word to anybody. What they
    /// wrote to the disk is still there.
    ///
    /// # Errors
    /// When there is no such node, the cluster does not run on this machine, or a process cannot be ended.
    pub fn power_off(&self, number: u8) -> Result<()> {
        let site = self.site_with_node(number)?;
        // First the cable: a kernel that lives on would tell the other ends of its connections that they are closed.
        self.partition(number, Cut::Everything)?;
        power::off(site, number)
    }

    /// Gives node `number` its power back, and waits until its daemons answer.
    ///
    /// # Errors
    /// When there is no such node, the cluster does not run on this machine, or a daemon does not start.
    pub fn power_on(&self, number: u8) -> Result<()> {
        self.heal(number)?;
        power::on(self.site_with_node(number)?, number)
    }
}

/// The machine's own way to services must not lead into the cut.
fn lead_around(site: &Site, cut: u8) -> Result<()> {
    match (1..=site.record.nodes).find(|other| *other != cut) {
        Some(other) => network::route_services(site.plan(), other),
        None => Ok(()),
    }
}
