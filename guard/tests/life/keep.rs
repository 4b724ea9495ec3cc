//! Apps of plain manifests: each starts its model itself, and the guard keeps the lease on its database.

use crate::double;
use crate::guard::{Guard, eventually, runs};
use crate::postgres::{self, TestPostgres};
use mendix_runtime_double::register::{Summary, summary};
use rustix::process::Signal;
use serde_json::json;
use std::collections::BTreeMap;
use tempfile::TempDir;

/// A child that says who it is, and runs until it is asked to end.
const OBEDIENT: &str = "trap 'exit 0' TERM; echo $$ > child; while [ -e log ]; do sleep 0.05; done";

/// A pod of a plain manifest, in a folder of its own.
struct Pod {
    folder: TempDir,
    variables: BTreeMap<&'static str, String>,
    script: &'static str,
}

impl Pod {
    fn new(role: &str, script: &'static str) -> Self {
        let owner = json!({"cluster": "here", "namespace": "shop", "environment": "till"});
        let told = json!({"owner": owner, "model": "sha256:1", "leaderSelection": "assigned"});
        let variables = [
            ("MENDIX_ROLE", role.to_owned()),
            ("MENDIX_POD", format!("till-{role}")),
            ("MENDIX_NAMESPACE", "shop".to_owned()),
            ("MENDIX_LEASE", told.to_string()),
            ("PATH", std::env::var("PATH").unwrap()),
        ];
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: variables.into(),
            script,
        }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.insert(name, value.to_owned());
        self
    }

    /// On a database, as the variable of the buildpack names it.
    fn on(self, database: &str) -> Self {
        self.with("DATABASE_ENDPOINT", database)
    }

    fn start(self) -> Guard {
        let script = format!("cd {}; {}", self.folder.path().display(), self.script);
        let command = ["sh", "-c", &script].map(ToOwned::to_owned);
        Guard::keep(self.folder, &self.variables, &command)
    }

    /// With an app of the buildpack.
    fn start_app(self) -> Guard {
        let command = double::image(self.folder.path());
        Guard::keep(self.folder, &self.variables, &command)
    }
}

/// What the processes of the runtime have written into a database.
async fn register(server: &TestPostgres, database: &str) -> Summary {
    let client = server.admin(database.rsplit_once('/').unwrap().1).await;
    summary(&client).await.unwrap()
}

async fn until(server: &TestPostgres, database: &str, what: &str, done: impl Fn(&Summary) -> bool) {
    eventually(what, || async {
        done(&register(server, database).await).then_some(())
    })
    .await;
}

/// Address of a new database, with user and password.
async fn database(server: &TestPostgres) -> String {
    let name = format!("keep_{:016x}", rand::random::<u64>());
    let create = format!("CREATE DATABASE {name}");
    server
        .admin("postgres")
        .await
        .batch_execute(&create)
        .await
        .unwrap();
    let (user, password) = &server.admin;
    format!("postgres://{user}:{password}@{}/{name}", server.address())
}

async fn lease(guard: &Guard, state: &str) -> String {
    let status = eventually(state, || async {
        let status = guard.status().await;
        (status["lease"]["state"] == state).then_some(status)
    })
    .await;
    status["lease"]["message"].as_str().unwrap_or_default().to_owned()
}

/// Waits until the child is there; gives its process.
async fn running(guard: &Guard) -> i32 {
    let child = guard.line("child").await.parse().unwrap();
    assert_eq!(guard.state_is("running").await["runtimeStatus"], json!(null));
    child
}

#[tokio::test]
async fn of_two_leaders_one_runs() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let database = database(&server).await;
    let mut first = Pod::new("leader", OBEDIENT).on(&database).start();
    let child = running(&first).await;
    lease(&first, "held").await;
    let second = Pod::new("ordinal", OBEDIENT)
        .with("MENDIX_POD", "till-0")
        .on(&database)
        .start();
    let message = lease(&second, "waiting").await;
    eventually("whom it waits for", || async {
        let message = lease(&second, "waiting").await;
        message.contains("leader till-leader").then_some(())
    })
    .await;
    assert_eq!(second.file("child"), "", "{message}");
    assert!(runs(child));
    first.signal(Signal::TERM);
    assert_eq!(first.end().await, (0, String::new()));
    running(&second).await;
    assert!(!runs(child));
}

/// The judge is what the runtimes write into the database, and not what the guards say.
#[tokio::test]
async fn two_apps_of_the_buildpack_never_lead_at_once() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let database = database(&server).await;
    let start = |pod: &str| {
        Pod::new("leader", "")
            .with("MENDIX_POD", pod)
            .with("PORT", "0")
            .on(&database)
            .start_app()
    };
    let mut first = start("till-a");
    until(&server, &database, "one leads", |seen| {
        seen.running().count() == 1
    })
    .await;
    let second = start("till-b");
    eventually("whom it waits for", || async {
        let message = lease(&second, "waiting").await;
        message.contains("leader till-a").then_some(())
    })
    .await;
    first.signal(Signal::TERM);
    assert_eq!(first.end().await, (0, String::new()));
    until(&server, &database, "the next one leads", |seen| {
        seen.processes.len() == 2 && seen.running().count() == 1
    })
    .await;
    let seen = register(&server, &database).await;
    assert!(seen.max_leaders == 1 && !seen.is_corrupted(), "{seen:#?}");
}

/// What the lease is for.
#[tokio::test]
async fn two_apps_of_the_buildpack_lead_at_once_without_a_lease() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let database = database(&server).await;
    let start = || {
        Pod::new("leader", "")
            .with("MENDIX_LEASE", "")
            .with("PORT", "0")
            .on(&database)
            .start_app()
    };
    let _first = start();
    until(&server, &database, "one leads", |seen| {
        seen.running().count() == 1
    })
    .await;
    let _second = start();
    until(&server, &database, "two lead", |seen| seen.max_leaders == 2).await;
}

#[tokio::test]
async fn without_a_word_of_whose_they_are_both_run() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let database = database(&server).await;
    let start = || {
        Pod::new("leader", OBEDIENT)
            .on(&database)
            .with("MENDIX_LEASE", "")
            .start()
    };
    let (first, second) = (start(), start());
    let both = [running(&first).await, running(&second).await];
    assert!(both.into_iter().all(runs));
    assert!(
        lease(&first, "absent")
            .await
            .contains("its gate was taken off by hand")
    );
}

#[tokio::test]
async fn whoever_loses_the_lease_is_killed() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let database = database(&server).await;
    let mut guard = Pod::new(
        "leader",
        "trap '' TERM; echo $$ > child; while [ -e log ]; do sleep 0.05; done",
    )
    .on(&database)
    .start();
    let child = running(&guard).await;
    let name = database.rsplit_once('/').unwrap().1;
    let client = server.admin(name).await;
    client
        .batch_execute("DELETE FROM kubectl_mendix.runtime")
        .await
        .unwrap();
    let (code, message) = guard.end().await;
    assert!(
        code == 1 && message.contains("lost its lease on the database"),
        "{code} {message}"
    );
    assert!(!runs(child));
}

#[tokio::test]
async fn the_code_of_the_app_is_passed_on_without_a_word() {
    let mut guard = Pod::new("worker", "exit 7").start();
    assert_eq!(guard.end().await, (7, String::new()));
}

#[tokio::test]
async fn signals_are_handed_on() {
    let script = "trap 'echo > threads' QUIT; trap 'exit 3' TERM; echo $$ > child; while [ -e log ]; do sleep 0.05; done";
    let mut guard = Pod::new("worker", script).start();
    running(&guard).await;
    guard.signal(Signal::QUIT);
    guard.line("threads").await;
    guard.signal(Signal::TERM);
    assert_eq!(guard.end().await.0, 3);
}

#[tokio::test]
async fn an_app_goes_before_the_port_of_the_status() {
    let taken = std::net::TcpListener::bind("[::]:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let guard = Pod::new("worker", OBEDIENT).with("TEST_PORT", &port).start();
    guard.line("child").await;
    eventually("a warning", || async {
        guard
            .file("log")
            .contains("the status of the guard cannot be read")
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_app_without_a_role_is_not_started() {
    let mut guard = Pod::new("chief", OBEDIENT).start();
    let (code, message) = guard.end().await;
    assert!(
        code == 1 && message.contains("kubectl-mendix.io/role"),
        "{message}"
    );
    assert_eq!(guard.file("child"), "");
}
