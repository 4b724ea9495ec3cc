//! What reaches the app port: told back, and echoed.

#[cfg(test)]
mod support;

use futures::{SinkExt, StreamExt};
use serde_json::json;
use support::double::{Double, http};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

#[tokio::test]
async fn a_request_is_told_back() {
    let mut double = Double::launch(json!({})).await;
    double.lead(&json!({})).await;
    let url = double.app_port().await + "/double/request?a=b";
    let response = http().get(url).header("X-Front", "one").send().await.unwrap();
    assert_eq!(response.headers()["x-runtime-double"], "ok");
    let told: serde_json::Value = response.json().await.unwrap();
    assert_eq!(told["path"], "/double/request");
    assert_eq!(told["headers"]["x-front"], "one");
}

#[tokio::test]
async fn a_socket_echoes() {
    let mut double = Double::launch(json!({})).await;
    double.lead(&json!({})).await;
    let url = double.app_port().await + "/double/socket";
    let request = http()
        .get(url)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        // Any 16 bytes in base64 do (RFC 6455, where this one stands).
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 101);
    let stream = response.upgrade().await.unwrap();
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    for words in ["one", "two"] {
        socket.send(Message::text(words)).await.unwrap();
        let answer = socket.next().await.unwrap().unwrap();
        assert_eq!(answer.to_text().unwrap(), words);
    }
}
