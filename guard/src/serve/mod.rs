//! What the guard answers: probes and status on one port, metrics on another. Paths and ports are those of the
//! official operator's m2ee sidecar, so that monitoring made for it goes on.

mod metrics;
mod observer;
mod statistics;
mod verdict;

pub(crate) use observer::{MetricsSource, Observer};

use crate::status::Status;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use mendix_model::lease::STATUS_PATH;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use verdict::{AdminPort, Verdict};

/// A runtime that hangs keeps its own word from the status only for so long: whoever asks waits 2 s in all.
const RUNTIME_STATUS_LIMIT: Duration = Duration::from_secs(1);

/// A port that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("failed to listen on port {port}: {problem}; no other container of the pod may use it")]
pub(crate) struct ListenError {
    port: i32,
    problem: std::io::Error,
}

/// Listens on all addresses of both families, or of IPv4 alone where IPv6 is switched off.
pub(crate) async fn listen(port: i32) -> Result<TcpListener, ListenError> {
    match TcpListener::bind(format!("[::]:{port}")).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind(format!("0.0.0.0:{port}"))
            .await
            .map_err(|problem| ListenError { port, problem }),
    }
}

/// Port that was given, also when the system chose it.
pub(crate) fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().map_or(0, |address| address.port())
}

/// Answers until the process ends.
pub(crate) async fn serve(listener: TcpListener, router: Router) {
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!("failed to serve: {error}");
    }
}

/// Probes and status.
pub(crate) fn probes(observer: Arc<Observer>) -> Router {
    Router::new()
        .route("/m2ee-sidecar/v1/livez", get(livez))
        .route("/m2ee-sidecar/v1/readyz", get(readyz))
        .route(STATUS_PATH, get(status))
        .with_state(observer)
}

/// Metrics.
pub(crate) fn metrics(observer: Arc<Observer>) -> Router {
    Router::new()
        .route("/metrics", get(metrics_text))
        .with_state(observer)
}

async fn livez(State(observer): State<Arc<Observer>>) -> Response {
    answer(verdict::liveness(&observer.life().await))
}

async fn readyz(State(observer): State<Arc<Observer>>) -> Response {
    answer(verdict::readiness(&observer.service().await))
}

fn answer(verdict: Verdict) -> Response {
    let status = if verdict.ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, verdict.reason + "\n").into_response()
}

async fn status(State(observer): State<Arc<Observer>>) -> Response {
    let runtime_status = match timeout(RUNTIME_STATUS_LIMIT, observer.admin()).await {
        Ok(AdminPort::Answers(status)) => status,
        Ok(AdminPort::Silent(_)) | Err(_) => None,
    };
    let mut document = json!(observer.status());
    document["runtimeStatus"] = runtime_status.map_or(Value::Null, Value::from);
    Json(document).into_response()
}

async fn metrics_text(State(observer): State<Arc<Observer>>) -> Response {
    let runtime = observer.runtime_metrics().await;
    if let Some(Err(problem)) = &runtime {
        tracing::debug!("no metrics of the runtime: {problem}");
    }
    let runtime = runtime.as_ref().map(|text| match text {
        Ok(text) => Ok(text.as_str()),
        Err(problem) => Err(problem.as_str()),
    });
    (
        [(header::CONTENT_TYPE, metrics::CONTENT_TYPE)],
        metrics::answer(runtime, &observer.status()),
    )
        .into_response()
}

/// The status alone, of a guard that asks the runtime nothing.
pub(crate) fn status_alone(status: watch::Receiver<Status>) -> Router {
    Router::new()
        .route(STATUS_PATH, get(own_status))
        .with_state(status)
}

async fn own_status(State(status): State<watch::Receiver<Status>>) -> Json<Value> {
    let mut document = json!(*status.borrow());
    document["runtimeStatus"] = Value::Null;
    Json(document)
}
