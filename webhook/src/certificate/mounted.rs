//! A certificate out of a mounted Secret, which somebody else renews.

use super::serving::configuration;
use axum_server::tls_rustls::RustlsConfig;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
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

/// Takes on what is mounted, and from then on whatever is mounted in its place: the kubelet changes the files some
/// time after the Secret has changed.
///
/// # Errors
/// What is mounted at first cannot be used. What cannot be used later is told, and the present certificate stays.
pub(crate) async fn follow(folder: &Path, every: Duration) -> Result<RustlsConfig, CertificateError> {
    let serving = RustlsConfig::from_config(read(folder)?);
    let (folder, followed) = (folder.to_path_buf(), serving.clone());
    let mut last = content(&folder);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(every).await;
            let now = content(&folder);
            if now == last {
                continue;
            }
            match read(&folder) {
                Ok(configuration) => {
                    followed.reload_from_config(configuration);
                    tracing::info!("Took on another certificate");
                    last = now;
                }
                // Two files are not changed at once: the next look may find both.
                Err(error) => tracing::warn!("{error}; the present certificate stays"),
            }
        }
    });
    Ok(serving)
}

/// Both files, to see a change.
fn content(folder: &Path) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let file = |name: &str| std::fs::read(folder.join(name)).ok();
    (file("tls.crt"), file("tls.key"))
}

#[cfg(test)]
mod tests {
    use super::{follow, read};
    use crate::server::{Reviewer, router, serve};
    use axum_server::Handle;
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use reqwest::{Certificate, Client};
    use std::fs;
    use std::net::Ipv4Addr;
    use std::path::Path;
    use std::time::Duration;
    use tempfile::TempDir;

    fn folder(certificate: &str, key: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        mount(folder.path(), certificate, key);
        folder
    }

    fn mount(folder: &Path, certificate: &str, key: &str) {
        fs::write(folder.join("tls.crt"), certificate).unwrap();
        fs::write(folder.join("tls.key"), key).unwrap();
    }

    /// Whether a client that trusts this certificate is answered, on a connection of its own.
    async fn is_believed(port: u16, certificate: &str) -> bool {
        let trusted = Certificate::from_pem(certificate.as_bytes()).unwrap();
        let client = Client::builder()
            .tls_certs_only([trusted])
            .no_proxy()
            .build()
            .unwrap();
        let answer = client
            .get(format!("https://localhost:{port}/readyz"))
            .send()
            .await;
        answer.is_ok_and(|answer| answer.status().is_success())
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

    #[tokio::test]
    async fn a_certificate_that_is_mounted_later_is_taken_on_without_a_restart() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ((first, key), (second, next)) = (pair(), pair());
        let folder = folder(&first, &key);
        let certificate = follow(folder.path(), Duration::from_millis(20)).await.unwrap();
        let handle = Handle::new();
        let router = router(Reviewer::default(), Duration::from_secs(30));
        let serving = serve(
            (Ipv4Addr::LOCALHOST, 0).into(),
            router,
            certificate,
            handle.clone(),
        );
        let server = tokio::spawn(serving);
        let port = handle.listening().await.unwrap().port();
        assert!(is_believed(port, &first).await);

        // Half of it at first, as the kubelet may be seen to do.
        fs::write(folder.path().join("tls.crt"), &second).unwrap();
        assert!(is_believed(port, &first).await);
        mount(folder.path(), &second, &next);
        while !is_believed(port, &second).await {}

        handle.graceful_shutdown(Some(Duration::from_mins(1)));
        server.await.unwrap().unwrap();
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
