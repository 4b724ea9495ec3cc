//! Processes that start themselves, as docker-mendix-buildpack and portable packages do, on a real PostgreSQL.

#[cfg(test)]
mod support;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::double::Double;
use support::postgres;

/// A model whose followers do not wait for long.
fn model(name: &str) -> Value {
    json!({"model": name, "followerWaitMillis": 50})
}

const FOLLOWER: (&str, &str) = ("CF_INSTANCE_INDEX", "1");

#[tokio::test]
async fn the_leader_updates_the_schema_and_a_follower_waits_for_it() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let url = database.url();
    let address = ("DATABASE_ENDPOINT", url.as_str());
    let mut follower = Double::buildpack(&model("A"), &[address, FOLLOWER]);
    follower.line("waiting 50 ms").await;
    let mut leader = Double::buildpack(&model("A"), &[address]);
    let page = leader.page().await;
    assert_eq!((&page["role"], &page["model"]), (&json!("leader"), &json!("A")));
    let page = follower.page().await;
    assert_eq!(
        (&page["role"], &page["corrupted"]),
        (&json!("worker"), &json!(false))
    );
    assert_eq!(database.schema_changes().await, ["leader"]);
    leader.terminate();
    assert_eq!(leader.exit_code().await, Some(0));
    let summary = database.summary().await;
    assert_eq!((summary.max_leaders, summary.max_models), (1, 1));
    assert_eq!(summary.running().count(), 1);
}

#[tokio::test]
async fn two_default_instances_are_two_leaders() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let url = database.url();
    let address = ("DATABASE_URL", url.as_str());
    let mut first = Double::buildpack(&model("A"), &[address]);
    first.page().await;
    let mut second = Double::buildpack(&model("B"), &[address]);
    second.until_corrupted().await;
    let summary = database.summary().await;
    assert_eq!((summary.max_leaders, summary.max_models), (2, 2));
}

#[tokio::test]
async fn the_flag_alone_makes_a_worker_that_updates_the_schema() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let url = database.url();
    let flag = ("MXRUNTIME_com_mendix_core_isClusterSlave", "true");
    let mut double = Double::buildpack(&model("A"), &[("DATABASE_URL", &url), flag]);
    assert_eq!(double.page().await["role"], "worker");
    assert_eq!(database.summary().await.schema_changes_by_workers, 1);
}

#[tokio::test]
async fn a_database_of_settings_is_used_as_well() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let settings = database.settings();
    let of = |name: &str| settings[name].as_str().unwrap().to_owned();
    let names = ["Type", "Host", "Name", "UserName", "Password"].map(|name| format!("Database{name}"));
    let variables = names.clone().map(|name| (format!("MXRUNTIME_{name}"), of(&name)));
    let variables = variables
        .each_ref()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let mut double = Double::buildpack(&model("A"), &variables);
    assert_eq!(double.page().await["role"], "leader");
    let variables = names.map(|name| (format!("RUNTIME_PARAMS_{}", name.to_uppercase()), of(&name)));
    let variables = variables
        .each_ref()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    double.terminate();
    assert_eq!(double.exit_code().await, Some(0));
    let mut double = Double::portable(&model("A"), &variables);
    assert_eq!(double.page().await["role"], "peer");
    assert_eq!(database.summary().await.processes.len(), 2);
}

#[tokio::test]
async fn peers_update_the_schema_once_and_lead_nobody() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let url = database.url();
    let slow = json!({"model": "A", "ddlDelayMillis": 300});
    let variables = [
        ("RUNTIME_PARAMS_DATABASETYPE", "PostgreSQL"),
        ("RUNTIME_PARAMS_DATABASE_JDBC_URL", url.as_str()),
    ];
    let mut peers = [
        Double::portable(&slow, &variables),
        Double::portable(&slow, &variables),
    ];
    for peer in &mut peers {
        assert_eq!(peer.page().await["role"], "peer");
    }
    assert_eq!(database.schema_changes().await, ["peer"]);
    let summary = database.summary().await;
    assert_eq!((summary.max_leaders, summary.max_models), (0, 1));
    assert!(!summary.is_corrupted(), "{summary:#?}");
    let mut leader = Double::buildpack(&model("A"), &[("DATABASE_URL", &url)]);
    leader.until_corrupted().await;
    assert_eq!(database.summary().await.max_modes, 2);
}

#[tokio::test]
async fn signals_follow_the_options() {
    let Some(database) = postgres::database().await else {
        return;
    };
    let url = database.url();
    let options = json!({"model": "A", "ignoreSigterm": true});
    let mut double = Double::buildpack(&options, &[("DATABASE_URL", &url)]);
    double.page().await;
    double.terminate();
    double.line("a signal was ignored").await;
    assert_eq!(double.page().await["status"], "running");
    double.signal(Signal::KILL);
    assert_eq!(double.exit_code().await, None);
    let mut double = Double::portable(
        &json!({"model": "A", "stopDelayMillis": 3_600_000}),
        &[
            ("RUNTIME_PARAMS_DATABASETYPE", "PostgreSQL"),
            ("RUNTIME_PARAMS_DATABASEJDBCURL", &url),
        ],
    );
    double.page().await;
    double.terminate();
    double.line("shutting down").await;
    assert_eq!(
        database.summary().await.running().count(),
        1,
        "a slow stop is a living process"
    );
    double.signal(Signal::KILL);
    assert_eq!(double.exit_code().await, None);
}

#[tokio::test]
async fn a_start_that_fails_ends_the_process_with_the_code_of_the_script() {
    let memory = ("MXRUNTIME_DatabaseType", "HSQLDB");
    let mut double = Double::buildpack(&json!({"securityOff": true}), &[memory]);
    double.line("starting the application failed").await;
    assert_eq!(double.exit_code().await, Some(0));
    let mut double = Double::buildpack(&Value::Null, &[]);
    double.line("set DATABASE_ENDPOINT").await;
    assert_eq!(double.exit_code().await, Some(0));
    let mut double = Double::portable(&json!({"failDdl": true}), &[]);
    double.line("failDdl").await;
    assert_eq!(double.exit_code().await, Some(1));
}
