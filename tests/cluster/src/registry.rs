//! The image registry of a cluster: Debian's docker-registry, without a password, on the cluster's network alone.

use crate::{addresses::AddressPlan, containerd::write, daemon::Daemon, paths::Paths};
use anyhow::Result;
use serde_json::{Value, json};

pub(crate) const REGISTRY: &str = "docker-registry";

pub(crate) fn registry(paths: &Paths) -> Daemon {
    let config = paths.state().join("registry.json").display().to_string();
    Daemon::new(REGISTRY, vec![REGISTRY.into(), "serve".into(), config])
}

pub(crate) fn write_files(paths: &Paths, plan: AddressPlan) -> Result<()> {
    write(
        &paths.state().join("registry.json"),
        &settings(paths, plan).to_string(),
    )
}

fn settings(paths: &Paths, plan: AddressPlan) -> Value {
    json!({
        "version": "0.1",
        "log": { "level": "warn", "accesslog": { "disabled": true } },
        "storage": {
            "filesystem": { "rootdirectory": paths.state().join("registry") },
            "delete": { "enabled": true },
        },
        "http": { "addr": plan.registry() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_can_be_deleted_and_live_in_the_clusters_folder() {
        let settings = settings(&Paths::new("dev").unwrap(), AddressPlan::new(1));
        assert_eq!(settings["storage"]["delete"]["enabled"], true);
        assert_eq!(
            settings["storage"]["filesystem"]["rootdirectory"],
            "/var/lib/kubectl-mendix/clusters/dev/registry"
        );
        assert_eq!(settings["http"]["addr"], "10.89.1.1:5000");
    }
}
