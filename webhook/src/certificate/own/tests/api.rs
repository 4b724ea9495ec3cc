//! An API server in a map, as far as certificates need one.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::{Json, Router};
use kube::{Client, Config};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

const SECRET: &str = "/api/v1/namespaces/system/secrets/webhook";
const CONFIGURATIONS: [&str; 2] = [
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/webhook",
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/webhook",
];

#[derive(Default)]
struct Inner {
    objects: BTreeMap<String, Value>,
    version: u64,
    /// Certificates that were there, in order.
    served: Vec<Value>,
}

#[derive(Clone)]
pub(super) struct Api {
    inner: Arc<Mutex<Inner>>,
    port: u16,
}

impl Api {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .unwrap();
        let inner = Arc::new(Mutex::new(Inner::default()));
        for path in CONFIGURATIONS {
            let webhooks = ["one", "two"].map(|name| {
                json!({ "name": name, "clientConfig": {}, "sideEffects": "None", "admissionReviewVersions": ["v1"] })
            });
            let object = json!({ "metadata": { "name": "webhook" }, "webhooks": webhooks });
            inner.lock().unwrap().objects.insert(path.to_owned(), object);
        }
        inner
            .lock()
            .unwrap()
            .objects
            .insert(SECRET.to_owned(), secret(&json!({})));
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().fallback(answer).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inner, port }
    }

    pub(super) fn client(&self) -> Client {
        let url = format!("http://127.0.0.1:{}", self.port);
        let mut config = Config::new(url.parse().unwrap());
        config.proxy_url = None;
        Client::try_from(config).unwrap()
    }

    /// The authorities that every webhook of both configurations names; those of the poorest, when they differ.
    pub(super) fn bundle(&self) -> Vec<u8> {
        let inner = self.inner.lock().unwrap();
        let webhooks = CONFIGURATIONS
            .iter()
            .flat_map(|path| inner.objects[*path]["webhooks"].as_array().unwrap());
        let bundles = webhooks.map(|it| serde_json::from_value(it["clientConfig"]["caBundle"].clone()));
        let bundles = bundles.map(|it| {
            it.map(|bytes: k8s_openapi::ByteString| bytes.0)
                .unwrap_or_default()
        });
        bundles.min_by_key(Vec::len).unwrap()
    }

    /// How often another certificate was written than was served before.
    pub(super) fn renewals(&self) -> usize {
        self.inner.lock().unwrap().served.len().saturating_sub(1)
    }

    pub(super) fn put_secret(&self, data: &Value) {
        self.inner
            .lock()
            .unwrap()
            .objects
            .insert(SECRET.to_owned(), secret(data));
    }
}

/// As the chart makes it, or somebody has filled it.
fn secret(data: &Value) -> Value {
    json!({ "metadata": { "name": "webhook", "namespace": "system", "resourceVersion": "0" }, "data": data })
}

type Answer = (StatusCode, Json<Value>);

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, method: Method, uri: Uri, body: Bytes) -> Answer {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut inner = inner.lock().unwrap();
    let path = uri.path().to_owned();
    match (method, inner.objects.get(&path).cloned()) {
        (Method::GET, Some(object)) => (StatusCode::OK, Json(object)),
        (Method::PATCH, Some(object)) if path == SECRET => inner.change(path, object, &body),
        (Method::PATCH, Some(object)) => inner.tell(path, object, &body),
        _ => refused(404, "NotFound"),
    }
}

fn refused(code: u16, reason: &str) -> Answer {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason,
        "message": reason });
    (StatusCode::from_u16(code).unwrap(), Json(status))
}

impl Inner {
    /// A merge, of the version that it names.
    fn change(&mut self, path: String, mut object: Value, change: &Value) -> Answer {
        if change["metadata"]["resourceVersion"] != object["metadata"]["resourceVersion"] {
            return refused(409, "Conflict");
        }
        json_patch::merge(&mut object, change);
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        let certificate = object["data"]["tls.crt"].clone();
        if self.served.last() != Some(&certificate) {
            self.served.push(certificate);
        }
        self.objects.insert(path, object.clone());
        (StatusCode::OK, Json(object))
    }

    /// A strategic merge of webhooks, by their names.
    fn tell(&mut self, path: String, mut object: Value, change: &Value) -> Answer {
        for wanted in change["webhooks"].as_array().unwrap() {
            let mut webhooks = object["webhooks"].as_array_mut().unwrap().iter_mut();
            let webhook = webhooks.find(|it| it["name"] == wanted["name"]).unwrap();
            webhook["clientConfig"]["caBundle"] = wanted["clientConfig"]["caBundle"].clone();
        }
        self.objects.insert(path, object.clone());
        (StatusCode::OK, Json(object))
    }
}
