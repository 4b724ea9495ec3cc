use mendix_postgres_tls::CertificateDer;
use rustls::pki_types::pem::{Error, PemObject as _};
use std::path::{Path, PathBuf};

/// A file of an authority could not be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "failed to read the certificate {}: {problem}; correct the Secret of trust.customCASecretName, which the controller \
     copies there",
    path.display()
)]
pub(crate) struct AuthorityError {
    path: PathBuf,
    problem: Error,
}

/// Reads the certificates of PEM files.
pub(super) fn read(files: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, AuthorityError> {
    let mut certificates = Vec::new();
    for file in files {
        certificates.extend(certificates_of(file)?);
    }
    Ok(certificates)
}

fn certificates_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, AuthorityError> {
    let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    certificates.map_err(|problem| AuthorityError {
        path: path.to_owned(),
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_certificates_are_named() {
        let folder = tempfile::tempdir().expect("folder");
        let made = rcgen::generate_simple_self_signed(["db".to_owned()]).expect("made");
        let (good, bad) = (folder.path().join("a.crt"), folder.path().join("b.crt"));
        std::fs::write(&good, made.cert.pem()).expect("written");
        let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        std::fs::write(&bad, broken).expect("written");
        let read_one = read(std::slice::from_ref(&good)).expect("read");
        assert_eq!(read_one, [made.cert.der().clone()]);
        for wrong in [bad, folder.path().join("absent.crt")] {
            let error = read(&[good.clone(), wrong.clone()])
                .expect_err("refused")
                .to_string();
            assert!(error.contains(&wrong.display().to_string()), "{error}");
        }
    }
}
