//! HTTP: routes, limits, start and stop.

use crate::admission::{self, Review};
use crate::known::Known;
use crate::scaled;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    routing::{get, post},
};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use kube::Client;
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};
use tower_http::timeout::TimeoutLayer;

/// A review holds an object twice, and an API server takes objects of up to 3 MiB.
const LARGEST_REVIEW: usize = 8 * 1024 * 1024;
/// How long requests that are under way may take when the process is told to end.
const GRACE: Duration = Duration::from_secs(10);
/// How much longer connections are taken on when the process is told to end: an API server learns a moment later that
/// this replica is going.
const LINGER: Duration = Duration::from_secs(5);

/// What reviews share.
#[derive(Clone, Default)]
pub struct Reviewer {
    pub(crate) known: Arc<Known>,
    /// Nothing where no cluster is asked.
    pub(crate) client: Option<Client>,
    /// Image of the product.
    pub(crate) image: Arc<str>,
    /// Whether API servers have been told the authority of the certificate.
    pub(crate) trusted: Arc<AtomicBool>,
}

impl Reviewer {
    /// Whether it can judge, and would be believed.
    fn is_ready(&self) -> bool {
        self.client.is_none() || self.known.is_complete() && self.trusted.load(Ordering::Relaxed)
    }
}

/// The routes: `/validate`, `/mutate`, `/livez`, `/readyz`. No answer takes longer than `deadline`.
pub fn router(reviewer: Reviewer, deadline: Duration) -> Router {
    Router::new()
        .route("/validate", post(validate))
        .route("/mutate", post(mutate))
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .layer(DefaultBodyLimit::max(LARGEST_REVIEW))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            deadline,
        ))
        .with_state(reviewer)
}

/// The body comes as bytes: what is no review is answered with a reason instead of a bare status.
async fn validate(State(reviewer): State<Reviewer>, body: Bytes) -> Json<Review> {
    let request = match admission::read(&body) {
        Ok(request) => request,
        Err(answer) => return Json(*answer),
    };
    let scaled = scaled::read(reviewer.client.as_ref(), &request).await;
    Json(admission::validated(&request, scaled, &reviewer.known))
}

async fn mutate(State(reviewer): State<Reviewer>, body: Bytes) -> Json<Review> {
    let mutated = |request| admission::mutated(&request, &reviewer.image);
    Json(admission::read(&body).map_or_else(|answer| *answer, mutated))
}

async fn ready(State(reviewer): State<Reviewer>) -> (StatusCode, &'static str) {
    if reviewer.is_ready() {
        (StatusCode::OK, "ok")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "what is there is still being read",
        )
    }
}

/// Serves until `handle` says otherwise.
pub(crate) async fn serve(
    address: SocketAddr,
    router: Router,
    certificate: RustlsConfig,
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    axum_server::bind_rustls(address, certificate)
        .handle(handle)
        .serve(router.into_make_service())
        .await
}

/// From now on, SIGTERM and SIGINT let requests that are under way end and then end the server.
pub(crate) fn stop_on_signals(handle: Handle<SocketAddr>) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tokio::time::sleep(LINGER).await,
            _ = interrupt.recv() => {}
        }
        handle.graceful_shutdown(Some(GRACE));
    });
    Ok(())
}
