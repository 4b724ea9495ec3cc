//! A real registry behind a proxy that makes it answer badly.

use super::registry::TestRegistry;
use super::server::TestServer;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use mendix_tasks::image::{Credentials, Registry, RegistryOptions};
use std::sync::{Arc, Mutex};

/// Where clients ask whether this is a registry, and whether it wants a login.
pub const VERSION_CHECK: &str = "/v2/";

/// One request as the proxy got it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: Method,
    pub path: String,
    pub authorization: Option<String>,
}

/// What the proxy does to an answer.
pub enum Fault {
    Nothing,
    /// Answers itself, and asks the registry nothing.
    Answer(Response<Body>),
    /// Changes a header of the registry's answer.
    Header(&'static str, String),
    /// Hangs up without an answer.
    HangUp,
}

/// A proxy, and what it saw.
pub struct BadRegistry {
    pub server: TestServer,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl BadRegistry {
    /// A proxy before a registry; `fault` is told the request and how many of the same method came before it, without
    /// checks of the version.
    pub async fn before(
        registry: &TestRegistry,
        fault: impl Fn(&Seen, usize) -> Fault + Send + Sync + 'static,
    ) -> Self {
        let (upstream, fault) = (registry.host.clone(), Arc::new(fault));
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let log = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| {
            let (upstream, fault, log) = (upstream.clone(), Arc::clone(&fault), Arc::clone(&log));
            async move {
                let (now, before) = note(&log, &request);
                act(fault(&now, before), request, &upstream).await
            }
        });
        Self {
            server: TestServer::start(router).await,
            seen,
        }
    }

    /// What came so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("lock").clone()
    }

    /// Forgets what came.
    pub fn forget(&self) {
        self.seen.lock().expect("lock").clear();
    }

    /// How many requests of a method came.
    pub fn count(&self, method: &Method) -> usize {
        self.seen().iter().filter(|seen| seen.method == *method).count()
    }

    /// A client for it.
    pub fn client(&self) -> Registry {
        let options = RegistryOptions {
            plain_http: vec![self.server.host.clone()],
            credentials: Credentials::default(),
        };
        Registry::new(options).expect("client")
    }
}

fn note(log: &Mutex<Vec<Seen>>, request: &Request) -> (Seen, usize) {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let now = Seen {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        authorization: header("authorization").map(str::to_owned),
    };
    let mut seen = log.lock().expect("lock");
    let same = |seen: &&Seen| seen.method == now.method && seen.path != VERSION_CHECK;
    let before = seen.iter().filter(same).count();
    seen.push(now.clone());
    (now, before)
}

async fn act(fault: Fault, request: Request, upstream: &str) -> Response<Body> {
    match fault {
        Fault::Nothing => forward(request, upstream).await,
        Fault::Answer(answer) => {
            // An answer before the request is whole may get lost with its connection.
            let _ = axum::body::to_bytes(request.into_body(), usize::MAX).await;
            answer
        }
        Fault::Header(name, value) => {
            let mut answer = forward(request, upstream).await;
            let value = HeaderValue::from_str(&value).expect("value");
            answer.headers_mut().insert(name, value);
            answer
        }
        // What ends the task of a connection ends the connection.
        Fault::HangUp => panic!("hangs up, as the test wants it"),
    }
}

/// What the registry answers.
pub async fn forward(request: Request, upstream: &str) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut headers: HeaderMap = parts.headers;
    // The registry names itself as the client names it: so the uploads come through here as well.
    headers.remove("transfer-encoding");
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("client");
    let sent = client
        .request(parts.method, format!("http://{upstream}{path}"))
        .headers(headers)
        .body(reqwest::Body::wrap_stream(body.into_data_stream()));
    let answer = sent.send().await.expect("the registry answers");
    let mut response = Response::builder().status(answer.status());
    *response.headers_mut().expect("headers") = answer.headers().clone();
    response
        .body(Body::from_stream(answer.bytes_stream()))
        .expect("answer")
}

/// An answer without content.
pub fn status(code: StatusCode, header: Option<(&'static str, String)>) -> Response<Body> {
    let mut response = Response::builder().status(code);
    if let Some((name, value)) = header {
        response = response.header(name, value);
    }
    response.body(Body::empty()).expect("answer")
}
