//! What reaches the app port through whatever stands in front of it.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures::{SinkExt, StreamExt};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::app_port::REGISTER_HEADER;

/// Path and header fields of the request, so that a test can read what a proxy made of it.
pub(crate) async fn told(uri: Uri, headers: HeaderMap) -> impl IntoResponse {
    let fields = headers.iter();
    let fields: serde_json::Map<String, Value> = fields
        .map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    let told = Json(json!({ "path": uri.path(), "headers": fields }));
    ([(REGISTER_HEADER, "ok")], told)
}

/// A WebSocket that sends back what it is sent (RFC 6455).
pub(crate) async fn echoed(mut request: Request) -> Response {
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY);
    let Some(accept) = key.map(|key| derive_accept_key(key.as_bytes())) else {
        return StatusCode::UPGRADE_REQUIRED.into_response();
    };
    tokio::spawn(echo(hyper::upgrade::on(&mut request)));
    let upgraded = [
        (header::CONNECTION, "upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, upgraded).into_response()
}

/// Whoever is gone gets nothing more.
async fn echo(upgrade: OnUpgrade) {
    let Ok(stream) = upgrade.await else { return };
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(stream), Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        // Pings are answered by the library.
        let said = message.is_text() || message.is_binary();
        if said && socket.send(message).await.is_err() {
            return;
        }
    }
}
