//! Who waits for whom when nothing fails, by whatever way the database is reached.

use super::{Database, LEADER, OTHER, Pod, WORKER, running, waiting};
use crate::guard::{Guard, eventually, runs};
use crate::pooler::Pooler;
use crate::postgres;
use crate::runtime::Runtime;
use rustix::process::Signal;

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
