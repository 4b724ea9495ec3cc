//! The admin port of the runtime: the m2ee admin protocol.
//!
//! `POST /` with `{"action", "params"}` and the password in base64 in a header; handled calls are answered with
//! status 200 and `{"result", "feedback", "message", "cause", "stacktrace"}`, where result 0 means done and
//! negative results are faults of the call itself.

use crate::client::{Client, ClientError};
use crate::redaction::Secrets;
use axum::body::Bytes;
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Header with the password.
const AUTHENTICATION: &str = "X-M2EE-Authentication";
/// Result of a call with a wrong password.
pub(crate) const FORBIDDEN: i64 = -4;
/// Result of an action that the runtime does not have, or does not have yet.
pub(crate) const ACTION_NOT_FOUND: i64 = -5;

/// An answer of the admin port.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub(crate) struct Reply {
    /// 0 when the action was done.
    pub(crate) result: i64,
    /// What the action gives back.
    #[serde(default)]
    pub(crate) feedback: Value,
    /// What went wrong.
    #[serde(default)]
    pub(crate) message: Option<String>,
    /// Why.
    #[serde(default)]
    pub(crate) cause: Option<String>,
}

/// Why the admin port gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    #[error("{0}")]
    Client(#[from] ClientError),
    #[error("the admin port answered with status {0}")]
    Status(StatusCode),
    #[error("the admin port's answer is not of the m2ee admin protocol")]
    Malformed,
    #[error("failed to make the request: {0}")]
    Request(#[from] axum::http::Error),
}

/// The admin port of the child.
#[derive(Clone)]
pub(crate) struct Admin {
    client: Client,
    address: String,
    authentication: String,
    secrets: Secrets,
}

impl Admin {
    /// The admin port on loopback; what it says is cleared of `secrets`.
    pub(crate) fn new(client: Client, port: u16, password: &str, secrets: Secrets) -> Self {
        Self {
            client,
            address: format!("http://127.0.0.1:{port}"),
            authentication: STANDARD.encode(password),
            secrets,
        }
    }

    /// Performs an action. `params` may be null.
    pub(crate) async fn call(
        &self,
        action: &str,
        params: &Value,
        limit: Duration,
    ) -> Result<Reply, AdminError> {
        let request = Request::post(format!("{}/", self.address))
            .header(header::CONTENT_TYPE, "application/json")
            .header(AUTHENTICATION, &self.authentication)
            .body(Full::new(Bytes::from(body(action, params).to_string())))?;
        let (status, answer) = self.client.send(request, limit).await?;
        if status != StatusCode::OK {
            return Err(AdminError::Status(status));
        }
        Ok(self.cleared(serde_json::from_slice(&answer).map_err(|_| AdminError::Malformed)?))
    }

    /// The runtime's own metrics in the text format of Prometheus.
    pub(crate) async fn metrics(&self, limit: Duration) -> Result<Bytes, AdminError> {
        let request = Request::get(format!("{}/prometheus", self.address))
            .header(AUTHENTICATION, &self.authentication)
            .body(Full::default())?;
        match self.client.send(request, limit).await? {
            (StatusCode::OK, text) => Ok(text),
            (status, _) => Err(AdminError::Status(status)),
        }
    }

    fn cleared(&self, reply: Reply) -> Reply {
        Reply {
            message: reply.message.map(|text| self.secrets.hide(&text)),
            cause: reply.cause.map(|text| self.secrets.hide(&text)),
            ..reply
        }
    }
}

fn body(action: &str, params: &Value) -> Value {
    if params.is_null() {
        json!({ "action": action })
    } else {
        json!({ "action": action, "params": params })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_left_out_when_there_are_none() {
        assert_eq!(body("start", &Value::Null), json!({"action": "start"}));
        assert_eq!(
            body("start", &json!({"a": 1})),
            json!({"action": "start", "params": {"a": 1}})
        );
    }

    #[test]
    fn what_the_runtime_says_is_cleared_of_secrets() {
        let secrets = Secrets::new(["password1".to_owned()]);
        let admin = Admin::new(Client::new(), 1, "x", secrets);
        let reply = Reply {
            message: Some("refused password1".into()),
            ..Reply::default()
        };
        assert_eq!(admin.cleared(reply).message.as_deref(), Some("refused ***"));
    }
}
