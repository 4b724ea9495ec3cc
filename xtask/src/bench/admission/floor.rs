//! A webhook that allows everything and looks at nothing: what any webhook costs. It runs beside the cluster, so that API
//! servers reach it without the cluster's own network.

use anyhow::{Context, Result};
use axum::{Json, Router, extract::State, routing::post};
use axum_server::tls_rustls::RustlsConfig;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server that lives as long as the process.
pub(super) struct Floor {
    /// Where API servers find it.
    pub(super) url: String,
    /// The authority that they are to believe, in PEM.
    pub(super) authority: String,
    asked: Arc<AtomicUsize>,
}

impl Floor {
    pub(super) fn start(address: IpAddr) -> Result<Self> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec![address.to_string()])?;
        let listener = TcpListener::bind((address, 0)).context("failed to listen")?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let asked = Arc::new(AtomicUsize::new(0));
        let router = Router::new().route("/", post(allow)).with_state(asked.clone());
        let (certificate, key) = (cert.pem(), signing_key.serialize_pem());
        let authority = certificate.clone();
        tokio::spawn(serve(listener, router, certificate, key));
        Ok(Self {
            url: format!("https://{}/", SocketAddr::from((address, port))),
            authority,
            asked,
        })
    }

    /// How often it was asked.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn serve(listener: TcpListener, router: Router, certificate: String, key: String) -> Result<()> {
    let certificate = RustlsConfig::from_pem(certificate.into(), key.into()).await?;
    let server = axum_server::from_tcp_rustls(listener, certificate)?;
    Ok(server.serve(router.into_make_service()).await?)
}

async fn allow(State(asked): State<Arc<AtomicUsize>>, Json(review): Json<Value>) -> Json<Value> {
    asked.fetch_add(1, Ordering::Relaxed);
    Json(json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "response": { "uid": review["request"]["uid"], "allowed": true },
    }))
}
