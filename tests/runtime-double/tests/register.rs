//! The register on a real PostgreSQL, filled by live processes and by hand, and what the judge says of it.

#[cfg(test)]
mod support;

use rustix::process::Signal;
use serde_json::json;
use support::double::Double;
use support::postgres::{self, Postgres};
use support::wait;

async fn model(name: &str) -> Double {
    Double::launch(json!({"model": name, "schema": "1"})).await
}

async fn is_clean(database: &Postgres) {
    database.later_heartbeats().await;
    let summary = database
        .until("one that runs", |summary| summary.running().count() == 1)
        .await;
    assert!(!summary.is_corrupted(), "{summary:#?}");
    assert_eq!((summary.max_leaders, summary.max_models), (1, 1));
}

#[tokio::test]
async fn two_leaders_at_once_are_corrupted() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let mut first = model("A").await;
    let mut second = model("A").await;
    first.lead(&database.settings()).await;
    second.lead(&database.settings()).await;
    for double in [&mut first, &mut second] {
        let url = double.app_port().await;
        wait::until("corrupted", async || double.is_corrupted(&url).await, |it| *it).await;
        double.line("corrupted: two-leaders").await;
    }
    let summary = database.summary().await;
    assert!(summary.is_corrupted());
    assert_eq!(
        (summary.max_leaders, summary.max_models, summary.violations.len()),
        (2, 1, 1)
    );
    // The alarm stays after both are gone, and for whoever comes next.
    drop((first, second));
    let mut third = model("A").await;
    third.lead(&database.settings()).await;
    let url = third.app_port().await;
    assert!(third.is_corrupted(&url).await);
}

#[tokio::test]
async fn a_second_leader_counts_before_its_app_port_opens() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let first = model("A").await;
    first.lead(&database.settings()).await;
    let second = Double::launch(json!({"model": "A", "schema": "2"})).await;
    assert_eq!(second.configure_and_start(&database.settings()).await, 3);
    let summary = database
        .until("a violation", |summary| !summary.violations.is_empty())
        .await;
    assert_eq!(summary.max_leaders, 2);
}

#[tokio::test]
async fn two_models_at_once_are_corrupted() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let mut leader = model("A").await;
    leader.lead(&database.settings()).await;
    let worker = model("B").await;
    assert_eq!(worker.configure_and_start(&database.worker()).await, 0);
    leader.line("corrupted: two-models").await;
    let summary = database.summary().await;
    assert_eq!(
        (summary.max_leaders, summary.max_models, summary.violations.len()),
        (1, 2, 1)
    );
}

#[tokio::test]
async fn a_leader_that_is_replaced_properly_is_clean() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let mut old = model("A").await;
    old.lead(&database.settings()).await;
    let new = model("B").await;
    old.terminate();
    assert_eq!(old.exit_code().await, Some(0));
    new.lead(&database.settings()).await;
    is_clean(&database).await;
    let summary = database.summary().await;
    assert_eq!(
        summary
            .processes
            .iter()
            .map(|process| process.ended)
            .collect::<Vec<_>>(),
        [true, false]
    );
}

/// As prompt as can be: the new process is configured already and starts in the moment after the kill.
#[tokio::test]
async fn a_leader_that_is_killed_and_replaced_at_once_is_clean() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let mut old = model("A").await;
    old.lead(&database.settings()).await;
    for name in ["B", "C", "D", "E", "F"] {
        let new = model(name).await;
        new.result(
            "update_configuration",
            support::double::settings(&database.settings()),
        )
        .await;
        old.signal(Signal::KILL);
        assert_eq!(old.exit_code().await, None);
        assert_eq!(new.result("start", json!({})).await, 0);
        old = new;
    }
    is_clean(&database).await;
    let summary = database.summary().await;
    assert_eq!(summary.processes.len(), 6);
    assert!(summary.processes.iter().all(|process| !process.ended));
}

#[tokio::test]
async fn a_slow_stop_that_overlaps_is_corrupted() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let old = Double::launch(json!({"model": "A", "schema": "1", "stopDelayMillis": 60_000})).await;
    old.lead(&database.settings()).await;
    old.terminate();
    wait::until(
        "stopping",
        async || old.status().await,
        |status| status == "stopping",
    )
    .await;
    let new = model("A").await;
    new.lead(&database.settings()).await;
    let summary = database
        .until("a violation", |summary| !summary.violations.is_empty())
        .await;
    assert_eq!(summary.max_leaders, 2);
}

#[tokio::test]
async fn a_paused_leader_that_comes_back_is_corrupted() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let mut old = model("A").await;
    old.lead(&database.settings()).await;
    old.signal(Signal::STOP);
    let mut new = model("A").await;
    new.lead(&database.settings()).await;
    database
        .until("the paused one to be overdue", |summary| {
            summary.running().count() == 1
        })
        .await;
    // The new one even leaves before the old one comes back: the gap covers it.
    new.terminate();
    assert_eq!(new.exit_code().await, Some(0));
    assert!(!database.summary().await.is_corrupted());
    old.signal(Signal::CONT);
    old.line("corrupted: two-leaders").await;
    let summary = database.summary().await;
    assert_eq!(summary.max_leaders, 2);
    assert!(
        summary.processes[0].longest_silence_millis >= 1000,
        "{summary:#?}"
    );
}

#[tokio::test]
async fn a_lost_connection_is_made_again_with_the_same_row() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let mut double = model("A").await;
    double.lead(&database.settings()).await;
    let client = database.client().await;
    let end = "SELECT pg_terminate_backend(backend_pid) FROM runtime_double.process";
    assert!(client.query_one(end, &[]).await.unwrap().get::<_, bool>(0));
    double.line("lost the database").await;
    double.line("the connection to the database is back").await;
    assert_eq!(double.status().await, "running");
    let summary = database
        .until("it to run", |summary| summary.running().count() == 1)
        .await;
    assert_eq!(summary.processes.len(), 1);
    assert!(!summary.is_corrupted());
}

#[tokio::test]
async fn a_killed_process_does_not_run_any_more() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let double = model("A").await;
    double.lead(&database.settings()).await;
    database
        .until("it to run", |summary| summary.running().count() == 1)
        .await;
    double.signal(Signal::KILL);
    database
        .until("it to be gone", |summary| summary.running().count() == 0)
        .await;
}

#[tokio::test]
async fn hand_made_rows_are_judged() {
    let Some(database) = postgres::database().await else {
        return;
    };
    assert_eq!(
        database.summary().await,
        mendix_runtime_double::register::Summary::default()
    );
    let client = database.client().await;
    mendix_runtime_double::register::create_tables(&client)
        .await
        .unwrap();
    let rows = "INSERT INTO runtime_double.process (id, host, role, model, started_at, heartbeat_at, ended_at) VALUES
        ('a', 'h', 'leader', 'A', '2026-01-01 10:00:00Z', '2026-01-01 10:00:10Z', NULL),
        ('b', 'h', 'leader', 'A', '2026-01-01 10:00:10Z', '2026-01-01 10:00:20Z', '2026-01-01 10:00:30Z'),
        ('c', 'h', 'worker', 'B', '2026-01-01 10:00:25Z', '2026-01-01 10:00:40Z', NULL)";
    client.batch_execute(rows).await.unwrap();
    let summary = database.summary().await;
    assert_eq!((summary.max_leaders, summary.max_models), (1, 2));
    assert_eq!(summary.running().count(), 0);
    assert_eq!(
        summary.processes[1].last_seen_at,
        "2026-01-01T10:00:30Z".parse().unwrap()
    );
    // What lies in the past accuses nobody who starts now.
    let double = model("C").await;
    double.lead(&database.settings()).await;
    assert_eq!(database.summary().await.violations, []);
}
