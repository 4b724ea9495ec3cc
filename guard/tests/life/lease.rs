//! The lease on a real PostgreSQL: who waits, who takes over, who is killed.
//!
//! A guard of a test is no PID 1: what the kernel would end with it in a container, the test ends itself.

use crate::guard::{Guard, Setup, eventually, runs};
use crate::link::Link;
use crate::pooler::Pooler;
use crate::postgres::{self, TestPostgres};
use crate::runtime::Runtime;
use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::json;
use std::collections::BTreeMap;
use tokio_postgres::Client;

/// Ends by no signal but SIGKILL.
const STUBBORN: &str = "trap '' TERM; echo $$ > child; while [ -e log ]; do sleep 0.05; done";
/// Ends when asked to.
const OBEDIENT: &str = crate::start::OBEDIENT;

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
            .start()
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

fn kill(process: i32) {
    kill_process(Pid::from_raw(process).unwrap(), Signal::KILL).unwrap();
}

fn kill_group(process: i32) {
    let _ = kill_process_group(Pid::from_raw(process).unwrap(), Signal::KILL);
}

#[tokio::test]
async fn a_second_leader_waits_for_the_end_of_the_first() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let mut first = database.guard(&LEADER, &runtime);
    running(&first).await;
    assert_eq!(first.status().await["lease"]["boundSeconds"], 20);
    let second = database.guard(&OTHER, &runtime);
    waiting(&second, "leader leader-a of model model-a may still run").await;
    database.renewed(LEADER.name).await;
    first.signal(Signal::TERM);
    assert_eq!(first.end().await.0, 0);
    assert_eq!(database.mark(LEADER.name).await, None);
    running(&second).await;
}

#[tokio::test]
async fn workers_come_after_their_leader_and_beside_it() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let worker = database.guard(&WORKER, &runtime);
    waiting(&worker, "not yet led by model model-a").await;
    let _leader = database.guard(&LEADER, &runtime);
    running(&worker).await;
}

#[tokio::test]
async fn a_leader_of_another_model_waits_for_workers() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let mut leader = database.guard(&LEADER, &runtime);
    let mut worker = database.guard(&WORKER, &runtime);
    running(&worker).await;
    leader.signal(Signal::TERM);
    leader.end().await;
    let next = Pod {
        model: "model-b",
        ..OTHER
    };
    let next = database.guard(&next, &runtime);
    waiting(&next, "worker worker-a of model model-a may still run").await;
    worker.signal(Signal::TERM);
    worker.end().await;
    running(&next).await;
}

#[tokio::test]
async fn of_many_that_take_at_once_one_leads() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let names = ["one", "two", "three", "four"];
    let guards = names.map(|name| database.guard(&Pod { name, ..LEADER }, &runtime));
    let leads = async |guard: &Guard| guard.status().await["lease"]["state"] == "held";
    eventually("one leads and the others wait for it", || async {
        let (mut leaders, mut waiting) = (0, 0);
        for guard in &guards {
            leaders += usize::from(leads(guard).await);
            waiting += usize::from(guard.probe("readyz").await.1.contains("may still run"));
        }
        (leaders == 1 && waiting == 3).then_some(())
    })
    .await;
    let rows = "SELECT count(*) FROM kubectl_mendix.runtime";
    let rows: i64 = database.client().await.query_one(rows, &[]).await.unwrap().get(0);
    assert_eq!(rows, 1);
}

#[tokio::test]
async fn a_guard_that_was_killed_is_waited_for() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let first = database.guard(&LEADER, &runtime);
    let child = running(&first).await;
    kill(first.id());
    kill_group(child);
    let second = database.guard(&OTHER, &runtime);
    waiting(&second, "leader leader-a of model model-a may still run").await;
    running(&second).await;
    let rows = "SELECT string_agg(pod, ' ') FROM kubectl_mendix.runtime";
    let left: String = database.client().await.query_one(rows, &[]).await.unwrap().get(0);
    assert_eq!(left, "leader-b");
}

#[rstest]
#[case::obedient(OBEDIENT)]
#[case::ignores_signals(STUBBORN)]
#[tokio::test]
async fn a_guard_that_is_cut_off_kills_its_child_before_another_starts(#[case] script: &'static str) {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let link = Link::to(server.address()).await;
    let cut_off = Pod {
        port: Some(link.port),
        script,
        ..LEADER
    };
    let mut first = database.guard(&cut_off, &runtime);
    let child = running(&first).await;
    let judge = format!("kill -0 {child} 2>/dev/null && echo overlap > overlap; {OBEDIENT}");
    let second = database.guard(
        &Pod {
            script: &judge,
            ..OTHER
        },
        &runtime,
    );
    waiting(&second, "may still run").await;
    link.cut();
    let (code, message) = first.end().await;
    assert_eq!(code, 1);
    assert!(
        message.contains("lost its lease on the database: the database did not answer for 15 s"),
        "{message}"
    );
    assert!(!runs(child));
    running(&second).await;
    assert_eq!(second.file("overlap"), "");
    // What was under way when the link was cut comes late, and changes nothing.
    link.mend();
    database.renewed(OTHER.name).await;
    assert_eq!(database.mark(LEADER.name).await, None);
}

#[tokio::test]
async fn a_frozen_child_is_killed_when_the_row_has_gone() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let mut guard = database.guard(
        &Pod {
            script: STUBBORN,
            ..LEADER
        },
        &runtime,
    );
    let child = running(&guard).await;
    kill_process(Pid::from_raw(child).unwrap(), Signal::STOP).unwrap();
    let gone = "DELETE FROM kubectl_mendix.runtime";
    database.client().await.batch_execute(gone).await.unwrap();
    let (code, message) = guard.end().await;
    assert_eq!(code, 1);
    assert!(message.contains("the row of this process has gone"), "{message}");
    assert!(!runs(child));
}

#[tokio::test]
async fn sessions_that_are_ended_end_no_child() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let guard = database.guard(&LEADER, &runtime);
    let child = running(&guard).await;
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
        WHERE datname = current_database() AND application_name = 'kubectl-mendix guard'";
    let ended: i64 = database.client().await.query_one(end, &[]).await.unwrap().get(0);
    assert_eq!(ended, 1);
    database.renewed(LEADER.name).await;
    assert!(runs(child));
    assert_eq!(guard.status().await["lease"]["state"], "held");
}

/// Two sessions on the server for all: a statement that rested on the session of the one before would be lost, and a
/// statement with a name would be met by another client.
#[tokio::test]
async fn a_pooler_in_transaction_mode_is_no_hindrance() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let Some(pooler) = Pooler::start(&server).await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let port = Some(pooler.port);
    let mut first = database.guard(&Pod { port, ..LEADER }, &runtime);
    let child = running(&first).await;
    let workers = ["w1", "w2", "w3"].map(|name| database.guard(&Pod { name, port, ..WORKER }, &runtime));
    for worker in &workers {
        running(worker).await;
    }
    let second = database.guard(&Pod { port, ..OTHER }, &runtime);
    waiting(&second, "leader leader-a of model model-a may still run").await;
    for pod in ["leader-a", "w1", "w2", "w3"] {
        database.renewed(pod).await;
    }
    assert!(runs(child));
    first.signal(Signal::TERM);
    assert_eq!(first.end().await.0, 0);
    running(&second).await;
}

#[tokio::test]
async fn a_server_that_is_restarted_in_time_ends_no_child() {
    let Some(mut server) = postgres::alone().await else {
        return;
    };
    let runtime = Runtime::start().await;
    let (guard, name, child) = {
        let database = Database::new(&server).await;
        let guard = database.guard(&LEADER, &runtime);
        let child = running(&guard).await;
        (guard, database.name, child)
    };
    server.stop();
    eventually("the guard has noticed", || async {
        guard.file("log").contains("failed to renew").then_some(())
    })
    .await;
    server.start_again().await;
    let database = Database {
        server: &server,
        name,
        keys: BTreeMap::new(),
    };
    database.renewed(LEADER.name).await;
    assert!(runs(child));
    assert_eq!(guard.status().await["lease"]["state"], "held");
}

#[tokio::test]
async fn a_database_of_another_environment_is_refused_whatever_its_name() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let mut owner = database.guard(&LEADER, &runtime);
    running(&owner).await;
    owner.signal(Signal::TERM);
    owner.end().await;
    // A snapshot of it, restored under another name, and used from another cluster.
    let copy = Database::new(&server).await;
    let admin = server.admin("postgres").await;
    admin
        .batch_execute(&format!("DROP DATABASE {}", copy.name))
        .await
        .unwrap();
    let restore = format!("CREATE DATABASE {} TEMPLATE {}", copy.name, database.name);
    eventually("no session is left", || async {
        admin.batch_execute(&restore).await.ok()
    })
    .await;
    let mut stranger = copy.guard(
        &Pod {
            cluster: "there",
            ..OTHER
        },
        &runtime,
    );
    let (code, message) = stranger.end().await;
    assert_eq!(code, 1);
    assert!(
        message.contains("the database belongs to environment till in namespace shop of another cluster"),
        "{message}"
    );
    assert_eq!(stranger.file("child"), "");
}

#[tokio::test]
async fn a_role_that_may_make_no_schema_runs_without_rows_and_says_so() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (mut database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let role = database.name.clone();
    let make = format!("CREATE ROLE {role} LOGIN PASSWORD 'app secret'; CREATE SCHEMA AUTHORIZATION {role}");
    database.client().await.batch_execute(&make).await.unwrap();
    let admit = format!("GRANT {role} TO postgres");
    database.client().await.batch_execute(&admit).await.unwrap();
    database.keys.insert("database-username", role);
    database.keys.insert("database-password", "app secret".to_owned());
    let guard = database.guard(&LEADER, &runtime);
    let status = guard.state_is("running").await;
    assert_eq!(status["lease"]["state"], "absent");
    let message = status["lease"]["message"].as_str().unwrap();
    assert!(
        message.contains("may not make schema kubectl_mendix"),
        "{message}"
    );
}

/// Whose rows they are cannot be read, and to start beside them would be a guess.
#[tokio::test]
async fn a_schema_of_another_role_is_refused() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (mut database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let mut owner = database.guard(&LEADER, &runtime);
    running(&owner).await;
    owner.signal(Signal::TERM);
    owner.end().await;
    let role = database.name.clone();
    let make = format!("CREATE ROLE {role} LOGIN PASSWORD 'app secret'");
    database.client().await.batch_execute(&make).await.unwrap();
    database.keys.insert("database-username", role);
    database.keys.insert("database-password", "app secret".to_owned());
    let mut stranger = database.guard(&OTHER, &runtime);
    let (code, message) = stranger.end().await;
    assert_eq!(code, 1);
    assert!(message.contains("another role has run an app on it"), "{message}");
    assert_eq!(stranger.file("child"), "");
}

/// The runtime says what is wrong with a password, as it did before there were rows.
#[tokio::test]
async fn a_login_that_the_guard_cannot_make_is_left_to_the_runtime() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (mut database, runtime) = (Database::new(&server).await, Runtime::start().await);
    database
        .keys
        .insert("database-password", "another-secret".to_owned());
    let guard = database.guard(&LEADER, &runtime);
    let status = guard.state_is("running").await;
    assert_eq!(status["lease"]["state"], "absent");
    let message = status["lease"]["message"].as_str().unwrap();
    assert!(
        message.contains("cannot log in") && !message.contains("secret"),
        "{message}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_while_it_is_waited_for() {
    let runtime = Runtime::start().await;
    let keys = [
        ("database-type", "PostgreSQL"),
        ("database-host", "127.0.0.1:1"),
        ("database-name", "shop"),
        ("database-username", "shop"),
        ("database-password", "database-secret"),
    ];
    let owner = json!({"cluster": "here", "namespace": "shop", "environment": "till"});
    let told = json!({"owner": owner, "model": "a", "leaderSelection": "assigned"});
    let mut guard = Setup::new("leader", &runtime, OBEDIENT)
        .with_database(keys.map(|(key, value)| (key, value.to_owned())).into())
        .with_variable("MENDIX_LEASE", told.to_string())
        .start();
    waiting(&guard, "127.0.0.1:1: Connection refused").await;
    guard.signal(Signal::TERM);
    assert_eq!(guard.end().await, (0, String::new()));
}
