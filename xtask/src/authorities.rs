//! The certificate authorities of the public web, as the file that programs look for in an image.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Where Debian has it, and with it every library that looks for a default.
pub(crate) const PATH: &str = "etc/ssl/certs/ca-certificates.crt";

/// Mozilla's list, in PEM. An image without any authority lets no client of ours start, not even for plain HTTP.
pub(crate) fn bundle() -> String {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|certificate| pem(certificate))
        .collect()
}

/// One certificate, in lines of 64 characters (RFC 7468).
fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::bundle;
    use rustls::pki_types::{CertificateDer, pem::PemObject};

    #[test]
    fn what_is_written_is_read_back() {
        let bundle = bundle();
        let read: Vec<_> = CertificateDer::pem_slice_iter(bundle.as_bytes())
            .collect::<Result<_, _>>()
            .expect("PEM");
        assert_eq!(read, webpki_root_certs::TLS_SERVER_ROOT_CERTS);
    }
}
