//! The lease on a real PostgreSQL: who waits, who takes over, who is killed.
//!
//! A guard of a test is no PID 1: what the kernel would end with it in a container, the test ends itself.

mod faults;
mod reader;
mod refusals;
mod strangers;
mod tls;
mod turns;

use crate::guard::{Guard, Setup, eventually};
use crate::postgres::TestPostgres;
use crate::runtime::Runtime;
use crate::start::OBEDIENT;
use serde_json::json;
use std::collections::BTreeMap;
use tokio_postgres::Client;

/// A database of its own.
struct Database<'a> {
    server: &'a TestPostgres,
    name: String,
    keys: BTreeMap<&'static str, String>,
}

impl<'a> Database<'a> {
    async fn new(server: &'a TestPostgres) -> Self {
        let name = format!("lease_{:016x}", rand::random::<u64>());
        let admin = server.admin("postgres").await;
        admin
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .unwrap();
        let keys = [
            ("database-type", "PostgreSQL".to_owned()),
            ("database-host", server.address()),
            ("database-name", name.clone()),
            ("database-username", server.admin.0.clone()),
            ("database-password", server.admin.1.clone()),
        ];
        Self {
            server,
            name,
            keys: keys.into(),
        }
    }

    async fn client(&self) -> Client {
        self.server.admin(&self.name).await
    }

    /// A guard of this pod, by another way to the server where one is given.
    fn guard(&self, pod: &Pod<'_>, runtime: &Runtime) -> Guard {
        self.setup(pod, runtime).start()
    }

    fn setup(&self, pod: &Pod<'_>, runtime: &Runtime) -> Setup {
        let mut keys = self.keys.clone();
        if let Some(port) = pod.port {
            keys.insert("database-host", format!("127.0.0.1:{port}"));
        }
        let owner = json!({"cluster": pod.cluster, "namespace": "shop", "environment": "till"});
        let told = json!({"owner": owner, "model": pod.model, "leaderSelection": "assigned"});
        Setup::new(pod.role, runtime, pod.script)
            .with("terminationGracePeriodSeconds", json!(1))
            .with_database(keys)
            .with_variable("MENDIX_LEASE", told.to_string())
            .with_variable("HOSTNAME", pod.name.to_owned())
    }

    /// The mark of a pod's row that has not ended.
    async fn mark(&self, pod: &str) -> Option<String> {
        let client = self.client().await;
        let statement = "SELECT mark FROM kubectl_mendix.runtime WHERE pod = $1 AND NOT ended";
        let row = client.query_opt(statement, &[&pod]).await.unwrap()?;
        Some(row.get(0))
    }

    /// Waits until a pod has renewed after now.
    async fn renewed(&self, pod: &str) {
        let before = self.mark(pod).await;
        eventually("renewed", || async {
            (self.mark(pod).await? != before.clone()?).then_some(())
        })
        .await;
    }
}

/// What is told of a pod.
#[derive(Clone, Copy)]
struct Pod<'a> {
    name: &'a str,
    role: &'a str,
    model: &'a str,
    cluster: &'a str,
    script: &'a str,
    port: Option<u16>,
}

const LEADER: Pod<'static> = Pod {
    name: "leader-a",
    role: "leader",
    model: "model-a",
    cluster: "here",
    script: OBEDIENT,
    port: None,
};

const OTHER: Pod<'static> = Pod {
    name: "leader-b",
    ..LEADER
};

const WORKER: Pod<'static> = Pod {
    name: "worker-a",
    role: "worker",
    ..LEADER
};

/// Waits until the child is there; gives its process.
async fn running(guard: &Guard) -> i32 {
    guard.state_is("running").await;
    let child = guard.line("child").await.parse().unwrap();
    assert_eq!(guard.status().await["lease"]["state"], "held");
    child
}

/// Waits until the guard says what it waits for.
async fn waiting(guard: &Guard, words: &str) {
    eventually(words, || async {
        let (code, body) = guard.probe("readyz").await;
        (code == 503 && body.contains(words)).then_some(())
    })
    .await;
    assert_eq!(guard.status().await["state"], "awaitingDatabase");
    assert_eq!(guard.file("child"), "");
}
