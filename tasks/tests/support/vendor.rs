//! A registry of a cloud: a real registry behind what a vendor publishes of its logins.

use super::bad_registry::forward;
use super::registry::TestRegistry;
use super::server::TestServer;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// One request as the vendor got it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    /// `host:port` that was asked for.
    pub host: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub headers: HeaderMap,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    /// Fields of a form.
    pub fn form(&self) -> BTreeMap<String, String> {
        assert_eq!(self.header("content-type"), "application/x-www-form-urlencoded");
        pairs(&self.body)
    }

    /// Whether name and password are these.
    pub fn is_login(&self, name: &str, password: &str) -> bool {
        self.header("authorization") == format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
    }
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    let url = reqwest::Url::parse(&format!("http://form/?{text}")).expect("form");
    url.query_pairs().into_owned().collect()
}

/// A vendor, and what it was asked. It is the HTTP proxy for the registry's host, and the server for all else.
pub struct Vendor {
    pub server: TestServer,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Vendor {
    /// What `answer` has no answer to goes to the registry.
    pub async fn before(
        registry: &TestRegistry,
        answer: impl Fn(&Asked) -> Option<Response<Body>> + Send + Sync + 'static,
    ) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, answer, upstream) = (Arc::clone(&asked), Arc::new(answer), registry.host.clone());
        let router = Router::new().fallback(move |request: Request| {
            let (log, answer, upstream) = (Arc::clone(&log), Arc::clone(&answer), upstream.clone());
            async move {
                let (parts, body) = request.into_parts();
                let bytes = to_bytes(body, usize::MAX).await.expect("body");
                let host = parts.headers.get("host").and_then(|host| host.to_str().ok());
                let now = Asked {
                    method: parts.method.clone(),
                    host: host.unwrap_or_default().to_owned(),
                    path: parts.uri.path().to_owned(),
                    query: pairs(parts.uri.query().unwrap_or_default()),
                    headers: parts.headers.clone(),
                    body: String::from_utf8_lossy(&bytes).into_owned(),
                };
                log.lock().expect("lock").push(now.clone());
                match answer(&now) {
                    Some(answer) => answer,
                    None => forward(Request::from_parts(parts, Body::from(bytes)), &upstream).await,
                }
            }
        });
        Self {
            server: TestServer::start(router).await,
            asked,
        }
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("lock").clone()
    }

    /// How often this path was asked for.
    pub fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path == path).count()
    }
}

pub fn json(value: &serde_json::Value) -> Response<Body> {
    Response::new(Body::from(value.to_string()))
}

/// A no, in the form in which the vendor says it.
pub fn refusal(code: u16, body: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(Body::from(body.into()));
    *response.status_mut() = StatusCode::from_u16(code).expect("status");
    response
}

/// Asks for a login.
pub fn challenge(how: &str) -> Response<Body> {
    let mut response = refusal(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"log in"}]}"#);
    response
        .headers_mut()
        .insert("www-authenticate", how.parse().expect("header"));
    response
}
