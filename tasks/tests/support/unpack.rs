//! Reads the files of an image's layers back from a registry.

use super::registry::TestRegistry;
use mendix_tasks::image::{Platform, Reference, fetch_image};
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
pub async fn last_layer(registry: &TestRegistry, image: &Reference) -> BTreeMap<String, Unpacked> {
    layers_on(registry, 0, image).await.pop().expect("layer")
}

/// The entries of each layer of an image, but for the lowest ones.
pub async fn layers_on(
    registry: &TestRegistry,
    base: usize,
    image: &Reference,
) -> Vec<BTreeMap<String, Unpacked>> {
    let layers = packed_layers(registry, image).await;
    layers[base..].iter().map(|layer| entries(layer)).collect()
}

/// The bytes of each layer of an image.
pub async fn packed_layers(registry: &TestRegistry, image: &Reference) -> Vec<Vec<u8>> {
    let protocol = ClientProtocol::HttpsExcept(vec![registry.host.clone()]);
    let fetched = fetch_image(&registry.client(), image, &Platform::current())
        .await
        .expect("image");
    let plain = oci_client::Client::new(ClientConfig {
        protocol,
        ..ClientConfig::default()
    });
    let mut all = Vec::new();
    for layer in &fetched.manifest.layers {
        let mut packed = Vec::new();
        plain.pull_blob(image, layer, &mut packed).await.expect("layer");
        all.push(packed);
    }
    all
}

/// What a container sees of layers that lie over each other; no file is in two of them.
pub fn laid_over(layers: &[BTreeMap<String, Unpacked>]) -> BTreeMap<String, Unpacked> {
    let mut all = BTreeMap::new();
    for (path, entry) in layers.iter().flatten() {
        let before = all.insert(path.clone(), entry.clone());
        assert!(entry.directory || before.is_none(), "{path} stands in two layers");
    }
    all
}

fn entries(packed: &[u8]) -> BTreeMap<String, Unpacked> {
    // The first bytes of Zstandard. Source: RFC 8878, 3.1.1.
    let packed: Box<dyn Read> = if packed.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Box::new(zstd::stream::read::Decoder::new(packed).expect("zstd"))
    } else {
        Box::new(flate2::read::MultiGzDecoder::new(packed))
    };
    let mut archive = tar::Archive::new(packed);
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
