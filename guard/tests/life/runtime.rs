//! A small admin port and app port. It shares no code with the guard: what it takes and gives is written from the
//! m2ee admin protocol by hand. It runs in the process of the test; the guard's child is a shell script.

use crate::guard::eventually;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Base64 of `admin-secret`, by hand.
const AUTHENTICATION: &str = "YWRtaW4tc2VjcmV0";

/// One request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) action: String,
    pub(crate) params: Value,
}

/// What is answered to an action.
#[derive(Clone, Debug)]
enum Answer {
    Reply(Value),
    Never,
}

struct Inner {
    asked: Vec<Asked>,
    answers: HashMap<String, Answer>,
    held: HashSet<String>,
    status: &'static str,
    app: StatusCode,
}

/// The fake runtime.
pub(crate) struct Runtime {
    pub(crate) admin_port: u16,
    pub(crate) app_port: u16,
    inner: Arc<Mutex<Inner>>,
    admin: JoinHandle<()>,
}

impl Runtime {
    /// Answers everything with result 0.
    pub(crate) async fn start() -> Self {
        let inner = Inner {
            asked: Vec::new(),
            answers: HashMap::new(),
            held: HashSet::new(),
            status: "created",
            app: StatusCode::OK,
        };
        let inner = Arc::new(Mutex::new(inner));
        let admin = Router::new()
            .route("/", post(act))
            .route("/prometheus", get(metrics));
        let app = Router::new().route("/", get(page));
        let (admin_port, admin) = serve(admin.with_state(Arc::clone(&inner))).await;
        let (app_port, _) = serve(app.with_state(Arc::clone(&inner))).await;
        Self {
            admin_port,
            app_port,
            inner,
            admin,
        }
    }

    /// From now on the action is answered so.
    pub(crate) fn answer(&self, action: &str, reply: Value) {
        self.inner
            .lock()
            .unwrap()
            .answers
            .insert(action.to_owned(), Answer::Reply(reply));
    }

    /// From now on the action is not answered.
    pub(crate) fn never_answer(&self, action: &str) {
        self.inner
            .lock()
            .unwrap()
            .answers
            .insert(action.to_owned(), Answer::Never);
    }

    /// Answers to the action are held back until [`Self::release`].
    pub(crate) fn hold(&self, action: &str) {
        self.inner.lock().unwrap().held.insert(action.to_owned());
    }

    /// See [`Self::hold`].
    pub(crate) fn release(&self, action: &str) {
        self.inner.lock().unwrap().held.remove(action);
    }

    /// Word of `runtime_status`.
    pub(crate) fn set_status(&self, status: &'static str) {
        self.inner.lock().unwrap().status = status;
    }

    /// What the app answers.
    pub(crate) fn set_app(&self, status: StatusCode) {
        self.inner.lock().unwrap().app = status;
    }

    /// The admin port is gone.
    pub(crate) fn drop_admin_port(&self) {
        self.admin.abort();
    }

    /// What came, without the questions of the probes.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let questions = ["runtime_status", "check_health", "echo"];
        let all = self.inner.lock().unwrap().asked.clone();
        all.into_iter()
            .filter(|asked| !questions.contains(&asked.action.as_str()))
            .collect()
    }

    /// Names of what came.
    pub(crate) fn actions(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.action).collect()
    }

    /// Parameters of the last request of this name.
    pub(crate) fn params(&self, action: &str) -> Value {
        let asked = self.asked().into_iter().rfind(|asked| asked.action == action);
        asked
            .unwrap_or_else(|| panic!("{action} was never asked for: {:?}", self.actions()))
            .params
    }
}

async fn serve(router: Router) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (
        port,
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }),
    )
}

async fn act(
    State(inner): State<Arc<Mutex<Inner>>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Json<Value> {
    if headers
        .get("X-M2EE-Authentication")
        .is_none_or(|value| value != AUTHENTICATION)
    {
        return Json(json!({"result": -4, "message": "forbidden"}));
    }
    let action = body["action"].as_str().unwrap().to_owned();
    let answer = {
        let mut inner = inner.lock().unwrap();
        inner.asked.push(Asked {
            action: action.clone(),
            params: body["params"].clone(),
        });
        inner.answers.get(&action).cloned()
    };
    eventually("release", || async {
        (!inner.lock().unwrap().held.contains(&action)).then_some(())
    })
    .await;
    match answer {
        Some(Answer::Never) => std::future::pending().await,
        Some(Answer::Reply(reply)) => Json(reply),
        None => Json(usual(&inner, &action)),
    }
}

fn usual(inner: &Mutex<Inner>, action: &str) -> Value {
    let mut inner = inner.lock().unwrap();
    let feedback = match action {
        "echo" => json!({"echo": "pong"}),
        "runtime_status" => json!({"status": inner.status}),
        "check_health" => return json!({"result": -5, "message": "no such action"}),
        "start" => {
            inner.status = "running";
            json!({})
        }
        _ => json!({}),
    };
    json!({"result": 0, "feedback": feedback})
}

async fn metrics(headers: HeaderMap) -> (StatusCode, &'static str) {
    if headers
        .get("X-M2EE-Authentication")
        .is_none_or(|value| value != AUTHENTICATION)
    {
        return (StatusCode::FORBIDDEN, "");
    }
    (StatusCode::OK, "jvm_memory_used_bytes 42\n")
}

async fn page(State(inner): State<Arc<Mutex<Inner>>>) -> StatusCode {
    inner.lock().unwrap().app
}
