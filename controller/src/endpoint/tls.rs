//! TLS of an endpoint: the app's wish over the configuration's. Pure.

use crate::metadata;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use mendix_model::crd::Endpoint;
use std::collections::BTreeMap;

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Certificate {
    /// The ingress controller's own.
    Default,
    /// A Secret that is there, or that somebody makes.
    Existing(String),
    /// A Secret that we make from the app's fields.
    Own(Box<Secret>),
}

impl Certificate {
    /// Name of the Secret, if there is one.
    pub(crate) fn secret_name(&self) -> Option<String> {
        match self {
            Self::Default => None,
            Self::Existing(name) => Some(name.clone()),
            Self::Own(secret) => secret.metadata.name.clone(),
        }
    }
}

/// Whether the app is reached by HTTPS.
pub(crate) fn enabled(endpoint: &Endpoint, configured: Option<bool>) -> bool {
    let own = endpoint.spec.tls.as_ref().and_then(|tls| tls.enable_tls);
    own.or(configured).unwrap_or(false)
}

/// The certificate; `configured` is the configuration's template, filled in.
pub(crate) fn certificate(endpoint: &Endpoint, configured: Option<String>) -> Result<Certificate, String> {
    let tls = endpoint.spec.tls.clone().unwrap_or_default();
    let set = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    match (set(tls.secret_name), set(tls.certificate), set(tls.key)) {
        (Some(name), None, None) => Ok(Certificate::Existing(name)),
        (None, Some(certificate), Some(key)) => {
            Ok(Certificate::Own(Box::new(secret(endpoint, certificate, key))))
        }
        (None, None, None) => Ok(set(configured).map_or(Certificate::Default, Certificate::Existing)),
        _ => Err("spec.tls: set either secretName, or certificate and key".to_owned()),
    }
}

fn secret(endpoint: &Endpoint, certificate: String, key: String) -> Secret {
    let app = &endpoint.spec.environment;
    Secret {
        metadata: metadata::owned(endpoint, app, format!("{app}-tls")),
        type_: Some("kubernetes.io/tls".to_owned()),
        data: Some(BTreeMap::from([
            ("tls.crt".to_owned(), ByteString(certificate.into_bytes())),
            ("tls.key".to_owned(), ByteString(key.into_bytes())),
        ])),
        ..Secret::default()
    }
}
