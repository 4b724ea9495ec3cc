//! The app port. It opens in `start`; before, nothing listens, so it never has to answer 503.

use std::io::Result;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::register::Role;
use crate::state::{Runtime, Status};
use crate::{listen, log, request};

/// A header that every page carries: `ok`, or `corrupted` once the register saw a violation.
pub const REGISTER_HEADER: HeaderName = HeaderName::from_static("x-runtime-double");

/// Opens the app port and serves it in the background.
///
/// # Errors
/// The port cannot be opened; `AddrInUse` when another process has it.
pub async fn open(runtime: &Arc<Runtime>) -> Result<()> {
    let (addresses, port) = {
        let state = runtime.state();
        let addresses = state.app_addresses.clone();
        (
            addresses.unwrap_or_else(|| runtime.environment.app_addresses.clone()),
            state.app_port.unwrap_or(runtime.environment.app_port),
        )
    };
    let listeners = listen::bind(&addresses, port).await?;
    log::info(
        "Jetty",
        &format!("the app port listens on {}", listen::describe(&listeners)),
    );
    for listener in listeners {
        tokio::spawn(serve(
            listener,
            router(Arc::clone(runtime)),
            runtime.closing.subscribe(),
        ));
    }
    Ok(())
}

/// Serves until the runtime stops, then answers what is in flight. The subscription lives as long as requests do:
/// the runtime's stop waits for it to be dropped.
async fn serve(listener: TcpListener, router: Router, closing: watch::Receiver<bool>) {
    let mut stop = closing.clone();
    let stopped = async move {
        let _ = stop.wait_for(|closing| *closing).await;
    };
    if let Err(error) = axum::serve(listener, router)
        .with_graceful_shutdown(stopped)
        .await
    {
        log::error("Jetty", &format!("the app port failed: {error}"));
    }
    drop(closing);
}

fn router(runtime: Arc<Runtime>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/slow", get(slow))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/double/configuration", get(configuration))
        .route("/double/request", get(request::told))
        .route("/double/socket", any(request::echoed))
        .with_state(runtime)
}

/// What the start page says.
#[derive(Serialize)]
struct Page {
    app: String,
    model: String,
    schema: String,
    role: Role,
    host: String,
    /// The id in the register; none with a database in memory.
    process: Option<String>,
    status: Status,
    corrupted: bool,
    #[serde(rename = "applicationRootUrl")]
    application_root_url: Option<String>,
}

async fn page(State(runtime): State<Arc<Runtime>>, headers: HeaderMap) -> Response {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    let page = describe(&runtime);
    let mark = [(REGISTER_HEADER, if page.corrupted { "corrupted" } else { "ok" })];
    if accept.contains("text/html") {
        (mark, Html(html(&page))).into_response()
    } else {
        (mark, Json(page)).into_response()
    }
}

fn describe(runtime: &Runtime) -> Page {
    let state = runtime.state();
    let registration = state.registration.as_ref();
    Page {
        app: runtime.package.metadata.project_name.clone(),
        model: runtime.package.model.clone(),
        schema: runtime.package.schema.clone(),
        role: runtime.role(&state.settings),
        host: runtime.environment.host.clone(),
        process: registration.map(|registration| registration.identity().id.clone()),
        status: state.status,
        corrupted: registration.is_some_and(|registration| registration.is_corrupted()),
        application_root_url: state.settings.text("ApplicationRootUrl"),
    }
}

fn html(page: &Page) -> String {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let Page {
        app,
        model,
        role,
        host,
        corrupted,
        ..
    } = page;
    let (app, model, host, role) = (escape(app), escape(model), escape(host), role.as_str());
    let alarm = if *corrupted {
        "<p><strong>corrupted</strong></p>"
    } else {
        ""
    };
    format!(
        "<!DOCTYPE html>\n<html><head><title>{app}</title></head><body><h1>{app}</h1>{alarm}\
         <dl><dt>model</dt><dd>{model}</dd><dt>role</dt><dd>{role}</dd><dt>host</dt><dd>{host}</dd></dl>\
         </body></html>\n"
    )
}

/// `/slow?ms=N` answers after N milliseconds.
async fn slow(uri: Uri) -> Json<Value> {
    let mut parameters = uri.query().unwrap_or_default().split('&');
    let millis = parameters.find_map(|parameter| parameter.strip_prefix("ms=")?.parse().ok());
    let millis = millis.unwrap_or_default();
    tokio::time::sleep(Duration::from_millis(millis)).await;
    Json(json!({ "waited": millis }))
}

async fn live() -> Json<Value> {
    Json(json!({ "status": "pass" }))
}

async fn ready(State(runtime): State<Arc<Runtime>>) -> Json<Value> {
    let pass = runtime.status() == Status::Running;
    Json(json!({ "status": if pass { "pass" } else { "fail" } }))
}

/// What the runtime was told, without secrets, so that a test can read what arrived.
async fn configuration(State(runtime): State<Arc<Runtime>>) -> Json<Value> {
    let state = runtime.state();
    let levels = state
        .levels
        .iter()
        .map(|((subscriber, node), level)| json!([subscriber, node, level]));
    Json(json!({
        "settings": state.settings.redacted(),
        "subscribers": state.subscribers,
        "levels": levels.collect::<Vec<_>>(),
        "debugger": state.debugger,
    }))
}
