//! kubeconfig files, complete in themselves so that they can be copied. They are written as JSON, which YAML includes.

use crate::{addresses::AddressPlan, certificates::write_secret, paths::Paths};
use anyhow::{Context as _, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// Writes the kubeconfig of the user whose certificate has the same file name.
pub(crate) fn write(paths: &Paths, plan: AddressPlan, user: &str) -> Result<()> {
    let certificate = |file: String| read(&paths.pki(&file));
    let text = render(&Content {
        cluster: paths.name(),
        server: &plan.api_server(),
        authority: &certificate("ca.crt".into())?,
        certificate: &certificate(format!("{user}.crt"))?,
        key: &certificate(format!("{user}.key"))?,
    });
    write_secret(&paths.kubeconfig(user), &serde_json::to_vec_pretty(&text)?)
}

struct Content<'a> {
    cluster: &'a str,
    server: &'a str,
    authority: &'a [u8],
    certificate: &'a [u8],
    key: &'a [u8],
}

fn render(content: &Content<'_>) -> Value {
    let name = format!("mendix-{}", content.cluster);
    let encoded = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{ "name": name, "cluster": {
            "server": content.server,
            "certificate-authority-data": encoded(content.authority),
        }}],
        "users": [{ "name": name, "user": {
            "client-certificate-data": encoded(content.certificate),
            "client-key-data": encoded(content.key),
        }}],
        "contexts": [{ "name": name, "context": { "cluster": name, "user": name } }],
    })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("failed to read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kube_crate_reads_what_is_rendered() {
        let content = Content {
            cluster: "dev",
            server: "https://10.89.1.1:6443",
            authority: b"A",
            certificate: b"C",
            key: b"K",
        };
        let config: kube::config::Kubeconfig = serde_json::from_value(render(&content)).unwrap();
        assert_eq!(config.current_context.as_deref(), Some("mendix-dev"));
        assert_eq!(
            config.clusters[0].cluster.as_ref().unwrap().server.as_deref(),
            Some(content.server)
        );
        assert!(
            config.auth_infos[0]
                .auth_info
                .as_ref()
                .unwrap()
                .client_key_data
                .is_some()
        );
    }
}
