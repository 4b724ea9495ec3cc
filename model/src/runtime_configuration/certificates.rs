//! Certificates: files beside the document, which the runtime opens by their paths.

use super::{InvalidField, Kind, fields};
use crate::crd::app::ClientCertificate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// A client certificate as the guard is told of it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateFile {
    /// Name of the PKCS 12 file beside the document.
    pub file: String,
    /// Its password, in the clear; the document lives in a Secret.
    pub password: String,
    /// Web services and hosts it is used for; all when empty.
    #[serde(default)]
    pub pin_to: Vec<String>,
}

/// Files by name, and what is told of them.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Client certificates in their order, or every field that does not hold what it must.
pub(super) fn client_certificates(
    all: &[ClientCertificate],
) -> Result<(Vec<CertificateFile>, Files), Vec<InvalidField>> {
    let (mut told, mut files, mut problems) = (Vec::new(), Files::new(), Vec::new());
    for (index, certificate) in all.iter().enumerate() {
        let field = format!("runtime.clientCertificates[{index}]");
        match (
            key(&field, certificate.key.as_deref()),
            password(&field, certificate.password.as_deref()),
        ) {
            (Ok(key), Ok(password)) => {
                let file = format!("client-certificate-{index}.p12");
                files.insert(file.clone(), key);
                told.push(CertificateFile {
                    file,
                    password,
                    pin_to: certificate.pin_to.clone().unwrap_or_default(),
                });
            }
            (key, password) => problems.extend([key.err(), password.err()].into_iter().flatten()),
        }
    }
    if problems.is_empty() {
        Ok((told, files))
    } else {
        Err(problems)
    }
}

fn key(field: &str, base64: Option<&str>) -> Result<Vec<u8>, InvalidField> {
    let bytes = crate::base64::decode(base64.unwrap_or_default());
    bytes
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| InvalidField {
            kind: Kind::Base64,
            field: format!("{field}.key"),
            problem: "is not base64 of a PKCS 12 file; use: base64 -w0 certificate.p12".to_owned(),
        })
}

/// The runtime takes the passwords as one list, and has no way to write a comma in it.
fn password(field: &str, base64: Option<&str>) -> Result<String, InvalidField> {
    let field = format!("{field}.password");
    let invalid = |problem: &str| InvalidField {
        kind: Kind::Base64,
        field: field.clone(),
        problem: problem.to_owned(),
    };
    let password = fields::password(&field, base64)?
        .filter(|password| !password.is_empty())
        .ok_or_else(|| {
            invalid("is empty: give the base64 of the file's password, which the runtime cannot do without")
        })?;
    if password.contains(',') {
        return Err(invalid(
            "holds a comma, which the runtime takes for the end of a password: write the file with another password",
        ));
    }
    Ok(password)
}

/// One file for each certificate of a bundle: the runtime reads only the first certificate of a file.
pub(super) fn authorities(bundle: &[u8]) -> Result<Files, InvalidField> {
    let text = String::from_utf8_lossy(bundle);
    let certificates = text.split(BEGIN).skip(1).filter_map(|rest| rest.split_once(END));
    let files: Files = certificates
        .enumerate()
        .map(|(index, (body, _))| {
            (
                format!("authority-{index}.crt"),
                format!("{BEGIN}{body}{END}\n").into_bytes(),
            )
        })
        .collect();
    if files.is_empty() {
        return Err(InvalidField {
            kind: Kind::Value,
            field: "trust.customCASecretName".to_owned(),
            problem: "its Secret holds no PEM certificate under key custom.crt: write one, or several after another"
                .to_owned(),
        });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn certificate(key: Option<&str>, password: Option<&str>) -> ClientCertificate {
        ClientCertificate {
            key: key.map(ToOwned::to_owned),
            password: password.map(ToOwned::to_owned),
            pin_to: Some(vec!["A.Service".to_owned()]),
        }
    }

    #[test]
    fn a_certificate_is_a_file_of_the_decoded_bytes() {
        // printf 'p12' | base64; printf 'word' | base64
        let (told, files) =
            client_certificates(&[certificate(Some("cDEy"), Some("d29yZA=="))]).expect("valid");
        assert_eq!(files["client-certificate-0.p12"], b"p12");
        let expected = CertificateFile {
            file: "client-certificate-0.p12".to_owned(),
            password: "word".to_owned(),
            pin_to: vec!["A.Service".to_owned()],
        };
        assert_eq!(told, [expected]);
    }

    #[rstest]
    #[case::no_key(None, Some("d29yZA=="), "[0].key")]
    #[case::key_no_base64(Some("secret!"), Some("d29yZA=="), "[0].key")]
    #[case::no_password(Some("cDEy"), None, "[0].password")]
    #[case::empty_password(Some("cDEy"), Some(""), "[0].password")]
    #[case::password_no_base64(Some("cDEy"), Some("secret!"), "[0].password")]
    // printf 'one,two' | base64
    #[case::comma(Some("cDEy"), Some("b25lLHR3bw=="), "[0].password")]
    fn what_is_wrong_is_named_and_not_shown(
        #[case] key: Option<&str>,
        #[case] password: Option<&str>,
        #[case] field: &str,
    ) {
        let problems = client_certificates(&[certificate(key, password)]).expect_err("invalid");
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].field, format!("runtime.clientCertificates{field}"));
        assert!(!problems[0].to_string().contains("secret"));
    }

    #[test]
    fn a_bundle_becomes_one_file_a_certificate() {
        let bundle = format!("# one\n{BEGIN}\nA\n{END}\n# two\n{BEGIN}\nB\n{END}\n");
        let files = authorities(bundle.as_bytes()).expect("valid");
        assert_eq!(files.len(), 2);
        assert_eq!(
            files["authority-1.crt"],
            format!("{BEGIN}\nB\n{END}\n").into_bytes()
        );
        assert!(authorities(b"no certificate").is_err());
    }
}
