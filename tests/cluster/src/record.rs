//! What is remembered of a cluster. It is written before anything of the cluster is made, so that whatever a killed
//! run leaves can be found.

use crate::{
    addresses::{AddressPlan, free_index},
    lock::FileLock,
    paths::{Paths, STATE_ROOT},
};
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

/// The remembered choices of a cluster.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    pub(crate) index: u8,
    pub(crate) nodes: u8,
    pub(crate) audit_log: bool,
    /// Arguments that were given to the API server beyond the usual ones.
    pub(crate) api_server_arguments: Vec<String>,
}

impl Record {
    pub(crate) const fn addresses(&self) -> AddressPlan {
        AddressPlan::new(self.index)
    }

    /// The record of a cluster, if there is one that can be read. A half-written one counts as none: nothing was
    /// made before the record was whole.
    pub(crate) fn read(paths: &Paths) -> Option<Self> {
        let text = fs::read(paths.record()).ok()?;
        serde_json::from_slice(&text).ok()
    }

    pub(crate) fn write(&self, paths: &Paths) -> Result<()> {
        let target = paths.record();
        let context = || format!("failed to write {}", target.display());
        fs::create_dir_all(paths.state()).with_context(context)?;
        let unfinished = target.with_extension("unfinished");
        fs::write(&unfinished, serde_json::to_vec_pretty(self)?).with_context(context)?;
        fs::rename(&unfinished, &target).with_context(context)
    }
}

/// Takes the smallest index that no other cluster's record and no bridge of the machine has, and writes the record.
pub(crate) fn claim_index(paths: &Paths, make: impl FnOnce(u8) -> Record) -> Result<Record> {
    let _lock = FileLock::exclusive(&Path::new(STATE_ROOT).join(".indexes.lock"))?;
    let taken = [recorded_indexes()?, bridge_indexes(&link_names()?)].concat();
    let index = free_index(&taken)
        .context("failed to find free addresses: 60 clusters are recorded on this machine")?;
    let record = make(index);
    record.write(paths)?;
    Ok(record)
}

fn recorded_indexes() -> Result<Vec<u8>> {
    let names = fs::read_dir(STATE_ROOT).with_context(|| format!("failed to read {STATE_ROOT}"))?;
    let paths = names
        .flatten()
        .filter_map(|entry| Paths::new(&entry.file_name().to_string_lossy()).ok());
    Ok(paths
        .filter_map(|paths| Record::read(&paths))
        .map(|record| record.index)
        .collect())
}

fn link_names() -> Result<Vec<String>> {
    let links = fs::read_dir("/sys/class/net").context("failed to read /sys/class/net")?;
    Ok(links
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect())
}

fn bridge_indexes(links: &[String]) -> Vec<u8> {
    links
        .iter()
        .filter_map(|name| name.strip_prefix("mx")?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_without_a_record_keeps_its_index() {
        let links = ["lo", "mx3", "mx3n1", "eth0"].map(str::to_owned);
        assert_eq!(bridge_indexes(&links), [3]);
    }

    #[test]
    fn a_record_reads_back() {
        let record = Record {
            index: 4,
            nodes: 2,
            audit_log: true,
            api_server_arguments: vec!["--v=4".into()],
        };
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
}
