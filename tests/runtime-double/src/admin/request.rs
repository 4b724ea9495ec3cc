//! Reads a request: method, password, content type, body, in this order.

use axum::http::{HeaderMap, Method, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::{Answer, Code};

/// One request for an action.
#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Request {
    pub(super) action: String,
    /// Empty when it is missing or null.
    #[serde(default, deserialize_with = "or_empty")]
    pub(super) params: Map<String, Value>,
}

fn or_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Request {
    /// A parameter that is text and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.params
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.params.get(name).and_then(Value::as_bool).unwrap_or_default()
    }
}

/// Reads a request, or says why it reaches no action.
pub(super) fn read(
    method: &Method,
    headers: &HeaderMap,
    body: &[u8],
    password: &str,
) -> Result<Request, Answer> {
    if method != Method::POST {
        return Err(Answer::refused(Code::Method, "only POST is supported"));
    }
    if !is_authorised(headers, password) {
        return Err(Answer::refused(
            Code::Forbidden,
            "X-M2EE-Authentication is missing or wrong",
        ));
    }
    if !is_json(headers) {
        return Err(Answer::refused(
            Code::ContentType,
            "the content type must be application/json",
        ));
    }
    if body.trim_ascii().is_empty() || body.trim_ascii() == b"null" {
        return Err(Answer::refused(Code::RequestNull, "the request is empty"));
    }
    serde_json::from_slice(body).map_err(|error| Answer::refused(Code::Read, format!("no request: {error}")))
}

/// Whether `X-M2EE-Authentication` is the password in base64.
pub(super) fn is_authorised(headers: &HeaderMap, password: &str) -> bool {
    let wanted = STANDARD.encode(password);
    headers
        .get("X-M2EE-Authentication")
        .is_some_and(|given| given.as_bytes() == wanted.as_bytes())
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}
