//! TLS of an endpoint: the app's wish over the configuration's. Pure.

use crate::metadata;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use mendix_model::crd::Endpoint;
use std::collections::BTreeMap;
use std::fmt;

/// Type of a Secret with a certificate, and its keys (Kubernetes documentation, "TLS Secrets").
const TYPE: &str = "kubernetes.io/tls";
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Certificate {
    /// The ingress controller's own.
    Default,
    /// A Secret that is there, or that somebody makes.
    Existing {
        /// Its name.
        name: String,
        /// The field that names it.
        field: String,
    },
    /// The app's fields.
    Given(KeyPair),
}

/// A certificate and its private key, which is shown nowhere.
#[derive(Clone, PartialEq)]
pub(crate) struct KeyPair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyPair")
    }
}

/// Whether the app is reached by HTTPS.
pub(crate) fn enabled(endpoint: &Endpoint, configured: Option<bool>) -> bool {
    let own = endpoint.spec.tls.as_ref().and_then(|tls| tls.enable_tls);
    own.or(configured).unwrap_or(false)
}

/// The certificate; `configured` is the configuration's.
pub(crate) fn certificate(endpoint: &Endpoint, configured: Certificate) -> Result<Certificate, String> {
    let tls = endpoint.spec.tls.clone().unwrap_or_default();
    let set = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    match (set(tls.secret_name), set(tls.certificate), set(tls.key)) {
        (Some(name), None, None) => Ok(Certificate::Existing {
            name,
            field: "spec.tls.secretName".to_owned(),
        }),
        (None, Some(certificate), Some(key)) => given(certificate, key).map(Certificate::Given),
        (None, None, None) => Ok(configured),
        _ => Err("spec.tls: set either secretName, or certificate and key".to_owned()),
    }
}

fn given(certificate: String, key: String) -> Result<KeyPair, String> {
    let pair = KeyPair { certificate, key };
    let wrong = |field: &str, what: &str| {
        format!("spec.tls.{field}: it is no {what} in PEM: write it with its lines BEGIN and END")
    };
    if !is_certificate(&pair.certificate) {
        return Err(wrong("certificate", "certificate"));
    }
    if !is_key(&pair.key) {
        return Err(wrong("key", "private key"));
    }
    Ok(pair)
}

fn is_certificate(text: &str) -> bool {
    text.contains("-----BEGIN CERTIFICATE-----")
}

/// PKCS 8, or one of the older forms, such as `RSA PRIVATE KEY`.
fn is_key(text: &str) -> bool {
    text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----")
}

/// What stands in the Secret that a field names; nothing when it is not there.
pub(crate) fn read(name: &str, field: &str, secret: Option<&Secret>) -> Result<Option<KeyPair>, String> {
    let Some(secret) = secret else {
        return Ok(None);
    };
    let text = |key: &str| {
        let value = secret.data.as_ref().and_then(|data| data.get(key));
        value.and_then(|value| String::from_utf8(value.0.clone()).ok())
    };
    let pair = text(CERTIFICATE).filter(|it| is_certificate(it));
    match (pair, text(KEY).filter(|it| is_key(it))) {
        (Some(certificate), Some(key)) if secret.type_.as_deref() == Some(TYPE) => {
            Ok(Some(KeyPair { certificate, key }))
        }
        _ => Err(format!(
            "{field}: Secret {name} is not of type {TYPE} with a certificate in {CERTIFICATE} and its key in {KEY}, \
             both in PEM: make it so, or name another"
        )),
    }
}

/// Why nothing is known of the Secret that a field names.
pub(crate) fn missing(name: &str, field: &str) -> String {
    format!("{field}: there is no Secret {name} in the namespace: make one of type {TYPE}, or name another")
}

/// Name of the Secret that we make.
pub(crate) fn own_name(app: &str) -> String {
    format!("{app}-tls")
}

/// The Secret for a certificate of the app's fields.
pub(crate) fn secret(endpoint: &Endpoint, pair: &KeyPair) -> Secret {
    let app = &endpoint.spec.environment;
    let bytes = |text: &String| ByteString(text.clone().into_bytes());
    Secret {
        metadata: metadata::owned(endpoint, app, own_name(app)),
        type_: Some(TYPE.to_owned()),
        data: Some(BTreeMap::from([
            (CERTIFICATE.to_owned(), bytes(&pair.certificate)),
            (KEY.to_owned(), bytes(&pair.key)),
        ])),
        ..Secret::default()
    }
}
