//! What `up` does with what it finds: nothing, half a cluster, a whole one, one with fewer nodes.

use crate::{
    addresses::MAXIMUM_NODES,
    cgroups::Cgroups,
    cleanup,
    cluster::Options,
    health,
    paths::Paths,
    progress,
    record::{self, Record},
    site::Site,
    start,
    tools::Tools,
};
use anyhow::{Result, bail};
use std::time::Instant;

/// # Errors
/// When a cluster cannot have that many nodes.
pub(crate) fn check_nodes(nodes: u8) -> Result<()> {
    if (1..=MAXIMUM_NODES).contains(&nodes) {
        return Ok(());
    }
    bail!("failed to start a cluster of {nodes} nodes: it can have 1 to {MAXIMUM_NODES}")
}

/// The cluster as its record tells, whether or not it works.
pub(crate) fn recorded_site(paths: &Paths, cgroups: &Cgroups) -> Option<Site> {
    let record = Record::read(paths)?;
    Some(Site {
        paths: paths.clone(),
        record,
        cgroups: cgroups.clone(),
    })
}

/// The cluster, if all of it works.
pub(crate) fn running_site(paths: &Paths, cgroups: &Cgroups) -> Option<Site> {
    recorded_site(paths, cgroups).filter(health::all_healthy)
}

/// A running cluster as it was asked for: nodes can be added, the API server is not started anew.
pub(crate) fn extended(mut site: Site, options: &Options) -> Result<Site> {
    if let Some(difference) = difference(&site.record, options) {
        let name = site.paths.name();
        bail!(
            "failed to start cluster {name}: it runs already, {difference}; remove it first with `cargo xtask cluster down --name {name}`"
        );
    }
    if site.record.nodes < options.nodes {
        start::add_nodes(&mut site, options.nodes)?;
    }
    Ok(site)
}

fn difference(record: &Record, options: &Options) -> Option<&'static str> {
    if options.audit_log && !record.audit_log {
        return Some("without an audit log");
    }
    (record.api_server_arguments != options.api_server_arguments)
        .then_some("with other arguments of its API server")
}

/// A new cluster, after whatever was left of an old one is removed.
pub(crate) fn started(paths: Paths, cgroups: Cgroups, options: &Options, tools: &Tools) -> Result<Site> {
    let begin = Instant::now();
    cleanup::remove(&paths, &cgroups)?;
    let record = record::claim_index(&paths, |index| Record {
        index,
        nodes: options.nodes,
        audit_log: options.audit_log,
        api_server_arguments: options.api_server_arguments.clone(),
    })?;
    let site = Site {
        paths,
        record,
        cgroups,
    };
    start::start(&site, tools)?;
    progress::line(&format!(
        "{} is up after {:.1} s",
        site.paths.name(),
        begin.elapsed().as_secs_f64()
    ));
    Ok(site)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            index: 1,
            nodes: 1,
            audit_log: false,
            api_server_arguments: Vec::new(),
        }
    }

    #[test]
    fn more_nodes_are_no_reason_to_start_anew() {
        assert_eq!(
            difference(
                &record(),
                &Options {
                    nodes: 3,
                    ..Options::default()
                }
            ),
            None
        );
    }

    #[test]
    fn an_audit_log_cannot_be_added() {
        let options = Options {
            audit_log: true,
            ..Options::default()
        };
        assert!(difference(&record(), &options).is_some());
        assert_eq!(
            difference(
                &Record {
                    audit_log: true,
                    ..record()
                },
                &Options::default()
            ),
            None
        );
    }

    #[test]
    fn a_cluster_has_at_least_one_node() {
        assert!(check_nodes(0).is_err());
        assert!(check_nodes(1).is_ok());
    }
}
