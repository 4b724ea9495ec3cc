//! An API server in a map: enough of it for a client that gets, lists, watches and applies. Plain HTTP.

#![allow(dead_code, unused_imports, reason = "each test file uses another part")]
#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod run;
mod write;

pub(crate) use run::{condition, ready, run, run_with_stdin, stalled};

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use tempfile::TempDir;
use tokio::sync::broadcast;

/// Path of the apps in namespace `prod`.
pub(crate) const APPS: &str = "/apis/privatecloud.mendix.com/v1alpha1/namespaces/prod/mendixapps";

/// What one request is answered with instead of the usual.
type Answer = (u16, Value);
/// What happens after an apply, in place of a controller.
type Controller = Box<dyn Fn(&mut Objects, usize) + Send>;

/// What happens after a deletion, in place of a controller; it is told the path.
type Replacer = Box<dyn Fn(&mut Objects, &str) + Send>;

/// Objects by path.
pub(crate) type Objects = BTreeMap<String, Value>;

struct Refusal {
    answer: Answer,
    once: bool,
}

#[derive(Default)]
struct Inner {
    objects: Objects,
    refusals: HashMap<(String, String), Refusal>,
    requests: Vec<Request>,
    controller: Option<Controller>,
    looks: usize,
    replacer: Option<Replacer>,
}

/// One request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `PATCH`.
    pub(crate) method: String,
    /// Path without query.
    pub(crate) path: String,
    /// Query by key.
    pub(crate) query: HashMap<String, String>,
    /// Body; null when empty.
    pub(crate) body: Value,
    /// A merge patch, not an apply.
    pub(crate) merge: bool,
}

#[derive(Clone)]
struct Shared {
    inner: Arc<Mutex<Inner>>,
    changes: broadcast::Sender<Value>,
}

/// A running server and a kubeconfig for it.
pub(crate) struct Server {
    shared: Shared,
    folder: TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    /// Starts a server that knows the definitions and holds no object.
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("runtime");
        let shared = Shared {
            inner: Arc::default(),
            changes: broadcast::channel(64).0,
        };
        let router = axum::Router::new().fallback(answer).with_state(shared.clone());
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("listener");
        let address = listener.local_addr().expect("address");
        runtime.spawn(async move { axum::serve(listener, router).await });
        let folder = tempfile::tempdir().expect("folder");
        write_kubeconfig(&folder, &format!("http://{address}"));
        Self {
            shared,
            folder,
            _runtime: runtime,
        }
    }

    /// The kubeconfig.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// Puts an object where its kind, namespace and name say.
    pub(crate) fn put(&self, object: Value) {
        let path = path_of(&object);
        self.lock().objects.insert(path, object);
    }

    /// Takes an object away.
    pub(crate) fn remove(&self, path: &str) {
        self.lock().objects.remove(path);
    }

    /// Answers one kind of request with an error.
    pub(crate) fn refuse(&self, method: &str, path: &str, code: u16, status: Value) {
        let answer = (code, status);
        self.lock().refusals.insert(
            (method.to_owned(), path.to_owned()),
            Refusal { answer, once: false },
        );
    }

    /// Answers one request with an error.
    pub(crate) fn refuse_once(&self, method: &str, path: &str, code: u16, status: Value) {
        let answer = (code, status);
        self.lock().refusals.insert(
            (method.to_owned(), path.to_owned()),
            Refusal { answer, once: true },
        );
    }

    /// Lets something happen at each look at an app: `looks` counts them from 1, from now on.
    pub(crate) fn at_each_look(&self, controller: impl Fn(&mut Objects, usize) + Send + 'static) {
        let mut inner = self.lock();
        inner.looks = 0;
        inner.controller = Some(Box::new(controller));
    }

    /// Lets something happen after each deletion.
    pub(crate) fn at_each_deletion(&self, replacer: impl Fn(&mut Objects, &str) + Send + 'static) {
        self.lock().replacer = Some(Box::new(replacer));
    }

    /// The object at a path.
    pub(crate) fn object(&self, path: &str) -> Option<Value> {
        self.lock().objects.get(path).cloned()
    }

    /// Requests of one method, in order.
    pub(crate) fn requests(&self, method: &str) -> Vec<Request> {
        let all = self.lock().requests.clone();
        all.into_iter()
            .filter(|request| request.method == method)
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.shared.inner.lock().expect("lock")
    }
}

/// Writes a kubeconfig with namespace `prod`.
pub(crate) fn write_kubeconfig(folder: &TempDir, server: &str) {
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": server}}],
        "users": [{"name": "test", "user": {}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": "prod"}}],
    });
    std::fs::write(folder.path().join("config"), config.to_string()).expect("kubeconfig");
}

pub(crate) fn path_of(object: &Value) -> String {
    let text = |pointer: &str| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .expect("text")
            .to_owned()
    };
    let (version, kind) = (text("/apiVersion"), text("/kind").to_lowercase());
    let root = if version == "v1" {
        "/api/v1".to_owned()
    } else {
        format!("/apis/{version}")
    };
    let name = text("/metadata/name");
    match object.pointer("/metadata/namespace").and_then(Value::as_str) {
        Some(namespace) => format!("{root}/namespaces/{namespace}/{kind}s/{name}"),
        None => format!("{root}/{kind}s/{name}"),
    }
}

async fn answer(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    if query.contains_key("watch") {
        return watch(&shared);
    }
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let request = Request {
        method: method.to_string(),
        path,
        query,
        body,
        merge: headers
            .get("content-type")
            .is_some_and(|it| it == "application/merge-patch+json"),
    };
    let (code, value) = shared.inner.lock().expect("lock").answer(&request);
    if method == Method::PATCH {
        // Nobody may be watching.
        let _ = shared.changes.send(value.clone());
    }
    respond(code, &value)
}

/// Changes as they happen; every look of a client is one, so that a controller may act at each.
fn watch(shared: &Shared) -> Response {
    let events = tokio_stream(shared.changes.subscribe());
    Response::new(Body::from_stream(events))
}

fn tokio_stream(
    receiver: broadcast::Receiver<Value>,
) -> impl futures::Stream<Item = Result<String, std::io::Error>> {
    futures::stream::unfold(receiver, |mut receiver| async move {
        let object = receiver.recv().await.ok()?;
        Some((
            Ok(format!("{}\n", json!({"type": "MODIFIED", "object": object}))),
            receiver,
        ))
    })
    .boxed()
}

impl Inner {
    fn answer(&mut self, request: &Request) -> Answer {
        self.requests.push(request.clone());
        let key = (request.method.clone(), request.path.clone());
        if let Some(Refusal { answer, once }) = self.refusals.remove(&key) {
            if !once {
                self.refusals.insert(
                    key,
                    Refusal {
                        answer: answer.clone(),
                        once,
                    },
                );
            }
            return answer;
        }
        match request.method.as_str() {
            "GET" => self.get(request),
            "PATCH" if request.merge => self.merge(request),
            "PATCH" => self.apply(request),
            "POST" => self.create(request),
            "DELETE" => self.delete(request),
            _ => (405, status(405, "MethodNotAllowed", "not supported", "")),
        }
    }

    fn get(&mut self, request: &Request) -> Answer {
        let path = &request.path;
        if path.rsplit('/').nth(1) == Some("mendixapps") {
            self.looks += 1;
            if let Some(controller) = self.controller.take() {
                controller(&mut self.objects, self.looks);
                self.controller = Some(controller);
            }
        }
        if let Some(object) = self.objects.get(path) {
            return (200, object.clone());
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        if is_collection(name) {
            return (200, self.list(request));
        }
        (404, status(404, "NotFound", &format!("{name} not found"), name))
    }

    fn list(&self, request: &Request) -> Value {
        let path = &request.path;
        let kind = path.rsplit('/').next().unwrap_or_default();
        let prefix = path.strip_suffix(kind).unwrap_or_default();
        let within = |key: &str| {
            let folder = key.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
            folder.starts_with(prefix) && folder.ends_with(&format!("/{kind}"))
        };
        let selected = |object: &Value| {
            let by_label = pairs(request, "labelSelector")
                .all(|(key, value)| object["metadata"]["labels"][key] == value);
            by_label
                && pairs(request, "fieldSelector").all(|(key, value)| {
                    object.pointer(&format!("/{}", key.replace('.', "/"))) == Some(&json!(value))
                })
        };
        let items: Vec<_> = self
            .objects
            .iter()
            .filter(|(key, object)| within(key) && selected(object))
            .map(|(_, object)| object.clone())
            .collect();
        json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "1"}, "items": items})
    }
}

/// `a=b,c=d` in a query.
fn pairs<'a>(request: &'a Request, name: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let text = request.query.get(name).map(String::as_str).unwrap_or_default();
    text.split(',').filter_map(|pair| pair.split_once('='))
}

fn is_collection(name: &str) -> bool {
    const KINDS: [&str; 13] = [
        "daemonsets",
        "databaseclaims",
        "deployments",
        "environments",
        "replicasets",
        "statefulsets",
        "mendixapps",
        "storageinstances",
        "storageplans",
        "builds",
        "endpoints",
        "runtimes",
        "pods",
    ];
    KINDS.contains(&name)
}

/// A `Status` as the API server answers with. Without a name it speaks of a kind, not of an object.
pub(crate) fn status(code: u16, reason: &str, message: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "reason": reason,
        "message": message, "details": {"name": name},
    })
}

fn respond(code: u16, value: &Value) -> Response {
    let code = StatusCode::from_u16(code).expect("code");
    match value {
        Value::String(text) => (code, text.clone()).into_response(),
        value => (code, axum::Json(value.clone())).into_response(),
    }
}
