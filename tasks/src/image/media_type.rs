//! Media types of layers. What we push is OCI throughout; a base in Docker's form is the same bytes by other names.

use mendix_package::Compression;
use oci_client::manifest::OciDescriptor;

/// Image manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Image configuration.
pub(super) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Layer, tar in gzip.
pub(super) const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Layer, tar in Zstandard.
pub(super) const LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// Annotation of a layer whose content was not copied: what its digest would be if it were.
pub(super) const CONTENT_ANNOTATION: &str = "kubectl-mendix.io/content";

/// Of a layer that is compressed so.
pub(super) const fn of_layer(compression: Compression) -> &'static str {
    match compression {
        Compression::Reuse | Compression::Gzip => LAYER_GZIP,
        Compression::Zstd => LAYER_ZSTD,
    }
}

/// How a layer of ours is compressed.
pub(super) fn compression(layer: &OciDescriptor) -> Compression {
    if layer.media_type == LAYER_ZSTD {
        Compression::Zstd
    } else if annotated(layer).is_some() {
        Compression::Gzip
    } else {
        Compression::Reuse
    }
}

/// What tells the content of a layer of ours.
pub(super) fn content(layer: &OciDescriptor) -> String {
    annotated(layer).unwrap_or(&layer.digest).clone()
}

fn annotated(layer: &OciDescriptor) -> Option<&String> {
    layer.annotations.as_ref()?.get(CONTENT_ANNOTATION)
}

/// The OCI name of a layer's media type. Source: OCI image specification, "Compatibility matrix".
pub(super) fn oci_layer(media_type: &str) -> &str {
    match media_type {
        "application/vnd.docker.image.rootfs.diff.tar" => "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip" => LAYER_GZIP,
        "application/vnd.docker.image.rootfs.diff.tar.zstd" => LAYER_ZSTD,
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip" => {
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{LAYER_GZIP, oci_layer};

    #[test]
    fn docker_names_become_oci_names_and_oci_names_stay() {
        assert_eq!(
            oci_layer("application/vnd.docker.image.rootfs.diff.tar.gzip"),
            LAYER_GZIP
        );
        assert_eq!(oci_layer(LAYER_GZIP), LAYER_GZIP);
    }
}
