//! The admin port: `POST /` with one action, as the public m2ee admin protocol has it.

mod actions;
mod answer;
mod request;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use tokio::net::TcpListener;

use crate::log;
use crate::state::{Runtime, Status};
use answer::{Answer, Code};

/// What a request is answered from.
#[derive(Clone)]
struct Admin {
    runtime: Arc<Runtime>,
    password: Arc<str>,
}

/// Serves one listener of the admin port until the process ends.
pub async fn serve(listener: TcpListener, runtime: Arc<Runtime>, password: Arc<str>) {
    let router = Router::new()
        .fallback(receive)
        // Certificates and licences come in the settings, so the usual limit of 2 MB is no limit of the protocol.
        .layer(DefaultBodyLimit::disable())
        .with_state(Admin { runtime, password });
    if let Err(error) = axum::serve(listener, router).await {
        log::error("M2EE", &format!("the admin port failed: {error}"));
    }
}

async fn receive(
    State(admin): State<Admin>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Admin { runtime, password } = admin;
    if runtime.package.options.admin_silent {
        return std::future::pending().await;
    }
    if method == Method::GET && uri.path() == "/prometheus" {
        return prometheus(&runtime, &password, &headers);
    }
    match request::read(&method, &headers, &body, &password) {
        Ok(request) => Json(act(runtime, request).await).into_response(),
        Err(refusal) => Json(refusal).into_response(),
    }
}

/// Runs the action in a task of its own: a client that hangs up does not undo half of a start.
async fn act(runtime: Arc<Runtime>, request: request::Request) -> Answer {
    let action = tokio::spawn(actions::run(runtime, request));
    action
        .await
        .unwrap_or_else(|error| Answer::refused(Code::Read, error.to_string()))
}

/// Metrics, once a running app has a Prometheus registry.
fn prometheus(runtime: &Runtime, password: &str, headers: &HeaderMap) -> Response {
    if !request::is_authorised(headers, password) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let state = runtime.state();
    if state.status != Status::Running || !state.settings.has_prometheus() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let threads = "# TYPE jvm_threads_live_threads gauge\njvm_threads_live_threads 42.0\n";
    let sessions =
        "# TYPE mx_runtime_stats_sessions_named_users gauge\nmx_runtime_stats_sessions_named_users 0.0\n";
    let kind = [("content-type", "text/plain; version=0.0.4; charset=utf-8")];
    (kind, format!("{threads}{sessions}")).into_response()
}
