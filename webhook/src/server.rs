//! HTTP: routes, limits, start and stop.

use crate::admission;
use axum::{
    Json, Router,
    body::Bytes,
    extract::DefaultBodyLimit,
    http::StatusCode,
    routing::{get, post},
};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use kube::core::{DynamicObject, admission::AdmissionReview};
use rustls::ServerConfig;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::signal::unix::{SignalKind, signal};
use tower_http::timeout::TimeoutLayer;

/// A review holds an object twice, and an API server takes objects of up to 3 MiB.
const LARGEST_REVIEW: usize = 8 * 1024 * 1024;
/// The longest timeout that a webhook configuration can name is 30 s; nobody waits for a later answer.
const LONGEST_REVIEW: Duration = Duration::from_secs(30);
/// How long requests that are under way may take when the process is told to end.
const GRACE: Duration = Duration::from_secs(10);

/// The routes: `/validate`, `/livez`, `/readyz`.
pub fn router() -> Router {
    Router::new()
        .route("/validate", post(validate))
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(|| async { "ok" }))
        .layer(DefaultBodyLimit::max(LARGEST_REVIEW))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            LONGEST_REVIEW,
        ))
}

/// The body comes as bytes: what is no review is answered with a reason instead of a bare status.
async fn validate(body: Bytes) -> Json<AdmissionReview<DynamicObject>> {
    Json(admission::answer(&body))
}

/// Serves until `handle` says otherwise.
pub(crate) async fn serve(
    address: SocketAddr,
    certificate: Arc<ServerConfig>,
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    axum_server::bind_rustls(address, RustlsConfig::from_config(certificate))
        .handle(handle)
        .serve(router().into_make_service())
        .await
}

/// From now on, SIGTERM and SIGINT let requests that are under way end and then end the server.
pub(crate) fn stop_on_signals(handle: Handle<SocketAddr>) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        handle.graceful_shutdown(Some(GRACE));
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::serve;
    use crate::certificate;
    use axum_server::Handle;
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use reqwest::{Certificate, Client};
    use std::{fs, net::Ipv4Addr, time::Duration};

    #[tokio::test]
    async fn a_client_that_trusts_the_certificate_is_answered_until_the_stop() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("tls.crt"), cert.pem()).unwrap();
        fs::write(folder.path().join("tls.key"), signing_key.serialize_pem()).unwrap();
        let handle = Handle::new();
        let certificate = certificate::read(folder.path()).unwrap();
        let server = tokio::spawn(serve(
            (Ipv4Addr::LOCALHOST, 0).into(),
            certificate,
            handle.clone(),
        ));
        let port = handle.listening().await.unwrap().port();

        let trusted = Certificate::from_pem(cert.pem().as_bytes()).unwrap();
        let client = Client::builder()
            .tls_certs_only([trusted])
            .no_proxy()
            .build()
            .unwrap();
        let answer = client
            .get(format!("https://localhost:{port}/readyz"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.text().await.unwrap(), "ok");

        drop(client);
        handle.graceful_shutdown(Some(Duration::from_mins(1)));
        server.await.unwrap().unwrap();
    }
}
