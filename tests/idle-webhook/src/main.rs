//! `idle-webhook`: allows everything, at `https://[::]:8443/`. `CERTIFICATE` and `KEY` are PEM.

use anyhow::{Context, Result};
use axum::{Json, Router, routing::post};
use axum_server::tls_rustls::RustlsConfig;
use serde_json::{Value, json};
use std::net::{Ipv6Addr, SocketAddr};

#[tokio::main]
async fn main() -> Result<()> {
    // An error says that there is a provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let read = |name| std::env::var(name).with_context(|| format!("{name} is not set"));
    let (certificate, key) = (read("CERTIFICATE")?, read("KEY")?);
    let certificate = RustlsConfig::from_pem(certificate.into(), key.into()).await?;
    let address = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 8443));
    let router = Router::new().route("/", post(answer));
    let server = axum_server::bind_rustls(address, certificate);
    Ok(server.serve(router.into_make_service()).await?)
}

/// Only what is named `probe` is refused: by this can be seen that the webhook is in force.
async fn answer(Json(review): Json<Value>) -> Json<Value> {
    let request = &review["request"];
    Json(json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "response": {
            "uid": request["uid"], "allowed": request["name"] != "probe", "status": { "message": "by idle-webhook" },
        },
    }))
}
