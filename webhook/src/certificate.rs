//! The certificate that the API server checks.

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why a certificate cannot be used. No message holds any part of the key.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file is missing, or holds no PEM of the kind that is wanted.
    #[error(
        "failed to read {what} from {path}: {reason}; mount a TLS Secret with the keys tls.crt and tls.key"
    )]
    Unreadable {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it is not there.
        reason: String,
    },
    /// Both files can be read, but not used together.
    #[error("failed to use the certificate in {folder}: {source}; tls.key must be the key of tls.crt")]
    Unusable {
        /// Folder of both files.
        folder: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
}

/// Reads `tls.crt` and `tls.key`.
pub(crate) fn read(folder: &Path) -> Result<Arc<ServerConfig>, CertificateError> {
    let chain = chain(&folder.join("tls.crt"))?;
    let key = key(&folder.join("tls.key"))?;
    configuration(chain, key).map_err(|source| CertificateError::Unusable {
        folder: folder.to_path_buf(),
        source,
    })
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let unreadable = |reason: String| CertificateError::Unreadable {
        what: "a certificate",
        path: path.to_path_buf(),
        reason,
    };
    let chain = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unreadable(error.to_string()))?;
    if chain.is_empty() {
        return Err(unreadable("there is none in the file".to_owned()));
    }
    Ok(chain)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| CertificateError::Unreadable {
        what: "a private key",
        path: path.to_path_buf(),
        reason: error.to_string(),
    })
}

fn configuration(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut configuration = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    // One connection carries all reviews of an API server.
    configuration.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(configuration))
}

#[cfg(test)]
mod tests {
    use super::read;
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use std::fs;
    use tempfile::TempDir;

    fn folder(certificate: &str, key: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("tls.crt"), certificate).unwrap();
        fs::write(folder.path().join("tls.key"), key).unwrap();
        folder
    }

    fn pair() -> (String, String) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    #[test]
    fn a_mounted_secret_is_read() {
        let (certificate, key) = pair();
        assert!(read(folder(&certificate, &key).path()).is_ok());
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let message = read(folder.path()).unwrap_err().to_string();
        assert!(
            message.contains("tls.crt") && message.contains("mount a TLS Secret"),
            "{message}"
        );
    }

    #[test]
    fn a_file_without_a_certificate_is_named() {
        let (_, key) = pair();
        let message = read(folder("not PEM", &key).path()).unwrap_err().to_string();
        assert!(message.contains("there is none in the file"), "{message}");
    }

    #[test]
    fn a_key_of_another_certificate_is_refused_and_not_shown() {
        let (certificate, _) = pair();
        let (_, key) = pair();
        let message = read(folder(&certificate, &key).path()).unwrap_err().to_string();
        assert!(
            message.contains("tls.key must be the key of tls.crt"),
            "{message}"
        );
        assert!(key.lines().all(|line| !message.contains(line)));
    }
}
