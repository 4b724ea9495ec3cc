//! A certificate of X.509 version 1, which `openssl x509 -req` without extensions has made for many a server.

use super::certificates::Pair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair, SigningKey as _};
use x509_cert::certificate::Version;
use x509_cert::der::asn1::BitString;
use x509_cert::der::{Decode as _, Encode as _};

/// One that has signed itself: a later version, taken down to the first and signed again.
pub fn certificate() -> Pair {
    let key = KeyPair::generate().expect("key");
    let later = CertificateParams::default()
        .self_signed(&key)
        .expect("certificate");
    let mut made = x509_cert::Certificate::from_der(later.der()).expect("read");
    made.tbs_certificate.version = Version::V1;
    made.tbs_certificate.extensions = None;
    let signed = made.tbs_certificate.to_der().expect("written");
    let signature = key.sign(&signed).expect("signature");
    made.signature = BitString::from_bytes(&signature).expect("bits");
    Pair {
        certificate: pem(&made.to_der().expect("written")),
        key: key.serialize_pem(),
    }
}

fn pem(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}
