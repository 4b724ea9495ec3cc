//! What fails: guards, networks, sessions, servers.

use super::{Database, LEADER, OTHER, Pod, running, waiting};
use crate::guard::{eventually, runs};
use crate::link::Link;
use crate::postgres;
use crate::runtime::Runtime;
use crate::start::OBEDIENT;
use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::collections::BTreeMap;

/// Ends by no signal but SIGKILL.
const STUBBORN: &str = "trap '' TERM; echo $$ > child; while [ -e log ]; do sleep 0.05; done";

fn kill(process: i32) {
    kill_process(Pid::from_raw(process).unwrap(), Signal::KILL).unwrap();
}

fn kill_group(process: i32) {
    let _ = kill_process_group(Pid::from_raw(process).unwrap(), Signal::KILL);
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
