//! The double on a real PostgreSQL: schema version, DDL commands, scheduled events, refusals.

#[cfg(test)]
mod support;

use serde_json::{Value, json};
use support::double::Double;
use support::postgres;
use support::wait;

async fn model(name: &str) -> Double {
    Double::launch(json!({"model": name, "schema": "1"})).await
}

#[tokio::test]
async fn a_leader_moves_the_schema_and_a_worker_follows() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let mut leader = model("A").await;
    let worker = model("A").await;
    assert_eq!(worker.configure_and_start(&database.worker()).await, 3);
    assert_eq!(leader.configure_and_start(&database.settings()).await, 3);
    let commands = leader.act("get_ddl_commands", json!({"verbose": true})).await;
    assert!(
        !commands["feedback"]["ddl_commands"]
            .as_array()
            .unwrap()
            .is_empty(),
        "{commands}"
    );
    leader.lead(&database.settings()).await;
    assert_eq!(worker.result("start", json!({})).await, 0);
    let summary = database
        .until("two that run", |summary| summary.running().count() == 2)
        .await;
    assert!(!summary.is_corrupted(), "{summary:#?}");
    assert_eq!(
        (
            summary.max_leaders,
            summary.max_models,
            summary.schema_changes_by_workers
        ),
        (1, 1, 0)
    );
    let roles: Vec<&str> = summary
        .processes
        .iter()
        .map(|process| process.role.as_str())
        .collect();
    assert_eq!(roles, ["worker", "leader"]);
    let url = leader.app_port().await;
    let page = leader.get_json(&url).await;
    assert_eq!(page["process"], summary.processes[1].id);
    assert_eq!(page["corrupted"], false);
}

#[tokio::test]
async fn the_schema_version_outlives_the_process() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let first = model("A").await;
    first.lead(&database.settings()).await;
    drop(first);
    let second = Double::launch(json!({"model": "A", "schema": "1"})).await;
    assert_eq!(second.configure_and_start(&database.settings()).await, 0);
    drop(second);
    let newer = Double::launch(json!({"model": "B", "schema": "2"})).await;
    assert_eq!(newer.configure_and_start(&database.settings()).await, 3);
    let answer = newer.act("start", json!({})).await;
    assert!(
        answer["feedback"]["synchronizationreason"]
            .as_str()
            .unwrap()
            .contains("version 1"),
        "{answer}"
    );
}

#[tokio::test]
async fn ddl_that_fails_or_is_killed_changes_nothing() {
    let Some(database) = postgres::database().await else {
        return;
    };
    model("A").await.lead(&database.settings()).await;
    let failing = Double::launch(json!({"model": "B", "failDdl": true})).await;
    assert_eq!(failing.configure_and_start(&database.settings()).await, 3);
    assert_eq!(failing.result("execute_ddl_commands", json!({})).await, 1);
    drop(failing);
    let slow = Double::launch(json!({"model": "B", "ddlDelayMillis": 60_000})).await;
    assert_eq!(slow.configure_and_start(&database.settings()).await, 3);
    let client = database.client().await;
    let headers = support::double::proper_headers();
    let ddl = slow.post(&headers, r#"{"action":"execute_ddl_commands"}"#.into());
    let open =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
    let begun = wait::until(
        "an open transaction",
        async || client.query_one(open, &[]).await.unwrap().get::<_, i64>(0),
        |count| *count == 1,
    );
    tokio::select! {
        _ = ddl => panic!("the DDL commands ended"),
        _ = begun => {}
    }
    drop(slow);
    let last = model("A").await;
    assert_eq!(last.configure_and_start(&database.settings()).await, 0);
}

#[tokio::test]
async fn a_worker_that_executes_ddl_is_noted() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let worker = model("A").await;
    worker.lead(&database.worker()).await;
    let summary = database.summary().await;
    assert_eq!((summary.schema_changes_by_workers, summary.max_leaders), (1, 0));
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_refused_without_a_password() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let double = model("A").await;
    let mut settings = database.with("DatabaseUserName", "nobody");
    settings["DatabasePassword"] = json!("hush-hush");
    assert_eq!(double.configure_and_start(&settings).await, 1);
    let answer = double.act("start", json!({})).await;
    assert!(answer["message"].as_str().unwrap().contains("nobody"), "{answer}");
    assert!(!answer.to_string().contains("hush-hush"), "{answer}");
    // No DDL without a database that was reached.
    assert_eq!(double.result("execute_ddl_commands", json!({})).await, -5);
    let unreachable = json!({"DatabaseType": "PostgreSQL", "DatabaseUserName": "nobody",
        "DatabaseJdbcUrl": "jdbc:postgresql://127.0.0.1:1/app"});
    assert_eq!(double.configure_and_start(&unreachable).await, 1);
}

#[tokio::test]
async fn a_missing_database_is_created_only_when_allowed() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let name = format!("{}_new", database.config.get_dbname().unwrap());
    let double = model("A").await;
    let settings = support::double::settings(&database.with("DatabaseName", &name));
    assert_eq!(double.result("update_configuration", settings).await, 0);
    assert_eq!(double.result("start", json!({})).await, 2);
    assert_eq!(double.result("start", json!({"autocreatedb": true})).await, 3);
}

#[tokio::test]
async fn scheduled_events_run_where_they_should() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let leader = model("A").await;
    let worker = model("A").await;
    let all = |mut settings: Value| {
        settings["ScheduledEventExecution"] = json!("SPECIFIED");
        settings["MyScheduledEvents"] = json!("Main.Nightly");
        settings
    };
    leader.lead(&all(database.settings())).await;
    worker.lead(&all(database.worker())).await;
    let client = database.client().await;
    let query = "SELECT DISTINCT event, role FROM runtime_double.event_run JOIN runtime_double.process
        ON process.id = event_run.process ORDER BY event, role";
    let runs = async || -> Vec<(String, String)> {
        let rows = client.query(query, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    };
    let runs = wait::until("runs on both", runs, |runs| runs.len() >= 2).await;
    let expected = [
        ("Main.Nightly".into(), "leader".into()),
        ("Main.Nightly".into(), "worker".into()),
    ];
    assert_eq!(runs, expected);
}
