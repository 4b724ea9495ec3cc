//! Reads the files of an image's layers back from a registry.

use mendix_tasks::image::{Platform, Reference, Registry, RegistryOptions, fetch_image};
use oci_client::client::{ClientConfig, ClientProtocol};
use std::collections::BTreeMap;
use std::io::Read;

/// One unpacked entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unpacked {
    pub mode: u32,
    pub owner: (u64, u64),
    pub directory: bool,
    pub bytes: Vec<u8>,
}

/// The entries of the last layer of an image, by path without a trailing slash.
pub async fn last_layer(options: RegistryOptions, image: &Reference) -> BTreeMap<String, Unpacked> {
    let protocol = ClientProtocol::HttpsExcept(options.plain_http.clone());
    let registry = Registry::new(options).expect("client");
    let fetched = fetch_image(&registry, image, &Platform::current())
        .await
        .expect("image");
    let layer = fetched.manifest.layers.last().expect("layer");
    let plain = oci_client::Client::new(ClientConfig {
        protocol,
        ..ClientConfig::default()
    });
    let mut packed = Vec::new();
    plain.pull_blob(image, layer, &mut packed).await.expect("layer");
    entries(&packed)
}

fn entries(packed: &[u8]) -> BTreeMap<String, Unpacked> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed));
    let mut found = BTreeMap::new();
    for entry in archive.entries().expect("entries") {
        let mut entry = entry.expect("entry");
        let header = entry.header().clone();
        let path = entry
            .path()
            .expect("path")
            .to_string_lossy()
            .trim_end_matches('/')
            .to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("content");
        let unpacked = Unpacked {
            mode: header.mode().expect("mode"),
            owner: (header.uid().expect("user"), header.gid().expect("group")),
            directory: header.entry_type().is_dir(),
            bytes,
        };
        assert_eq!(
            found.insert(path.clone(), unpacked),
            None,
            "{path} stands in the layer twice"
        );
    }
    found
}
