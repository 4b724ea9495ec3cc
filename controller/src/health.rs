//! What the controller tells about itself: `/livez`, `/readyz` and `/metrics`.

use crate::metrics::{CONTENT_TYPE, Metrics};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::{Router, extract::State, routing::get};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the API server has answered; a controller that waits for the Lease is ready to take over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readiness(Arc<AtomicBool>);

impl Readiness {
    pub(crate) fn reached(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Serves until the process ends.
pub(crate) async fn serve(
    address: SocketAddr,
    readiness: Readiness,
    metrics: Arc<Metrics>,
) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, router(readiness, metrics)).await?;
    Ok(())
}

fn router(readiness: Readiness, metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .with_state(readiness)
        .route("/metrics", get(move || std::future::ready(scrape(&metrics))))
}

fn scrape(metrics: &Metrics) -> impl IntoResponse + use<> {
    let text = metrics.text().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR);
    text.map(|text| ([(header::CONTENT_TYPE, CONTENT_TYPE)], text))
}

async fn ready(State(readiness): State<Readiness>) -> (StatusCode, &'static str) {
    if readiness.0.load(Ordering::Relaxed) {
        (StatusCode::OK, "ok")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the API server has not answered yet",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;

    async fn status(readiness: &Readiness) -> StatusCode {
        let request = Request::get("/readyz").body(Body::empty()).expect("request");
        router(readiness.clone(), Arc::default())
            .oneshot(request)
            .await
            .expect("response")
            .status()
    }

    #[tokio::test]
    async fn a_controller_is_ready_once_the_api_server_answered() {
        let readiness = Readiness::default();
        assert_eq!(status(&readiness).await, StatusCode::SERVICE_UNAVAILABLE);
        readiness.reached();
        assert_eq!(status(&readiness).await, StatusCode::OK);
    }
}
