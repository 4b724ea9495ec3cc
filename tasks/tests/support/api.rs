//! A scripted API server that knows one thing: creating Secrets.

use super::server::TestServer;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::{Json, routing::post};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What it does when a Secret is really created; a dry run is answered honestly.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Script {
    Create,
    Refuse,
    RefuseDryRun,
    /// Never answers.
    Hang,
    /// Creates, and says nothing useful.
    LoseAnswer,
    /// Says that there is one already.
    Appeared,
    /// Fails.
    Fail,
}

/// The server and what was created there.
pub struct TestApi {
    server: TestServer,
    state: Arc<Mutex<Cluster>>,
}

struct Cluster {
    script: Script,
    secrets: BTreeMap<String, Value>,
    requests: usize,
}

impl TestApi {
    pub async fn start(script: Script) -> Self {
        let state = Arc::new(Mutex::new(Cluster {
            script,
            secrets: BTreeMap::new(),
            requests: 0,
        }));
        let route = "/api/v1/namespaces/{namespace}/secrets";
        let router = Router::new()
            .route(route, post(create))
            .with_state(Arc::clone(&state));
        Self {
            server: TestServer::start(router).await,
            state,
        }
    }

    /// A client that repeats nothing by itself, like that of a pod.
    pub fn client(&self) -> kube::Client {
        let mut config = kube::Config::new(self.server.url("/").parse().expect("address"));
        config.default_retry = false;
        kube::Client::try_from(config).expect("client")
    }

    pub fn script(&self, script: Script) {
        self.state.lock().expect("state").script = script;
    }

    /// Requests for real creations so far.
    pub fn requests(&self) -> usize {
        self.state.lock().expect("state").requests
    }

    pub fn secret(&self, name: &str) -> Option<Value> {
        self.state.lock().expect("state").secrets.get(name).cloned()
    }

    /// Keys and values of a Secret.
    pub fn keys(&self, name: &str) -> BTreeMap<String, String> {
        let secret = self.secret(name).expect("Secret");
        serde_json::from_value(secret["stringData"].clone()).expect("keys")
    }
}

type Answer = (StatusCode, Json<Value>);

async fn create(
    State(state): State<Arc<Mutex<Cluster>>>,
    RawQuery(query): RawQuery,
    Json(secret): Json<Value>,
) -> Answer {
    let answer = decide(
        &mut state.lock().expect("state"),
        query.unwrap_or_default().contains("dryRun=All"),
        secret,
    );
    match answer {
        Some(answer) => answer,
        None => std::future::pending().await,
    }
}

fn decide(cluster: &mut Cluster, dry_run: bool, secret: Value) -> Option<Answer> {
    let name = secret["metadata"]["name"].as_str().expect("name").to_owned();
    let exists = cluster.secrets.contains_key(&name);
    cluster.requests += usize::from(!dry_run);
    let created = (StatusCode::CREATED, Json(secret.clone()));
    Some(match (cluster.script, dry_run) {
        (Script::RefuseDryRun, true) | (Script::Refuse, false) => {
            refuse(403, "Forbidden", "secrets is forbidden")
        }
        _ if exists => refuse(409, "AlreadyExists", "exists"),
        (_, true) => created,
        (Script::Hang, _) => return None,
        (Script::Appeared, _) => refuse(409, "AlreadyExists", "exists"),
        (Script::Fail, _) => refuse(500, "InternalError", "etcd is ill"),
        (Script::LoseAnswer, _) => {
            cluster.secrets.insert(name, secret);
            refuse(504, "Timeout", "too slow")
        }
        _ => {
            cluster.secrets.insert(name, secret);
            created
        }
    })
}

fn refuse(code: u16, reason: &str, message: &str) -> Answer {
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason,
        "message": message});
    (StatusCode::from_u16(code).expect("code"), Json(body))
}
