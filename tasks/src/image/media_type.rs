//! Media types of layers. What we push is OCI throughout; a base in Docker's form is the same bytes by other names.

/// Image manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Image configuration.
pub(super) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Layer, tar in gzip.
pub(super) const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The OCI name of a layer's media type. Source: OCI image specification, "Compatibility matrix".
pub(super) fn oci_layer(media_type: &str) -> &str {
    match media_type {
        "application/vnd.docker.image.rootfs.diff.tar" => "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip" => LAYER_GZIP,
        "application/vnd.docker.image.rootfs.diff.tar.zstd" => "application/vnd.oci.image.layer.v1.tar+zstd",
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
