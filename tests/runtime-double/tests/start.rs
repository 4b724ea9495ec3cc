//! Starting a model: what `start` says to each configuration and each option, on a database in memory.

#[cfg(test)]
mod support;

use serde_json::{Value, json};
use support::double::{Double, app, command, http, metadata, proper_headers, settings};
use support::wait;

#[tokio::test]
async fn a_critical_log_line_stops_the_pong() {
    let double = Double::launch(json!({"criticalLog": true})).await;
    assert_eq!(double.act("echo", json!({})).await["feedback"]["echo"], "pong");
    double.lead(&json!({})).await;
    let echo = double.act("echo", json!({"echo": "ping"})).await;
    assert_eq!(echo["result"], 0);
    assert_ne!(echo["feedback"]["echo"], "pong");
    let error = &echo["feedback"]["errors"][0];
    assert!(
        error["timestamp"].is_i64() && error["message"].is_string() && error["cause"].is_string(),
        "{echo}"
    );
}

#[tokio::test]
async fn start_says_what_the_configuration_lacks() {
    let double =
        Double::launch(json!({"missingConstants": ["Main.Key"], "weakAdminUsers": ["MxAdmin"]})).await;
    let start = async |changes: Value| {
        assert_eq!(double.result("update_configuration", changes).await, 0);
        let result = double.result("start", json!({"autocreatedb": true})).await;
        assert_eq!(double.status().await, "created");
        result
    };
    assert_eq!(start(json!({})).await, 7);
    assert_eq!(start(json!({"DTAPMode": "A"})).await, 8);
    assert_eq!(start(json!({"BasePath": "/opt/mendix/app"})).await, 9);
    assert_eq!(start(json!({"RuntimePath": "/opt/mendix/runtime"})).await, 4);
    assert_eq!(start(json!({"MicroflowConstants": {"Main.Limit": "3"}})).await, 4);
    assert_eq!(
        start(json!({"MicroflowConstants": {"Main.Limit": "3", "Main.Key": ""}})).await,
        5
    );
    let answer = double.act("start", json!({})).await;
    assert_eq!(answer["feedback"]["users"], json!(["MxAdmin"]));
    assert_eq!(start(json!({"DTAPMode": "D", "DatabaseType": "Oracle"})).await, 1);
    assert_eq!(start(json!({"DatabaseType": "HSQLDB"})).await, 3);
    assert_eq!(
        double
            .result("update_configuration", json!({"DTAPMode": "P"}))
            .await,
        0
    );
    assert_eq!(double.result("start", json!({})).await, 5);
    let new_password = json!({"username": "MxAdmin", "password": "better"});
    assert_eq!(double.result("update_admin_user", new_password).await, 0);
    assert_eq!(start(json!({})).await, 3);
}

#[tokio::test]
async fn start_says_what_the_model_does_not_allow() {
    for (options, result, status) in [
        (json!({"securityOff": true}), 11, "created"),
        (json!({"startResult": "licenceInvalid"}), 10, "created"),
        (json!({"startResult": "mobileNotInLicence"}), 13, "created"),
    ] {
        let double = Double::launch(options.clone()).await;
        assert_eq!(double.configure_and_start(&json!({})).await, result, "{options}");
        assert_eq!(double.status().await, status);
    }
    let double = Double::launch(json!({"startResult": "afterStartupFailed"})).await;
    assert_eq!(double.configure_and_start(&json!({})).await, 3);
    assert_eq!(double.result("execute_ddl_commands", json!({})).await, 0);
    assert_eq!(double.result("start", json!({})).await, 12);
    assert_eq!(double.status().await, "broken");
    assert_eq!(double.result("start", json!({})).await, 6);
}

#[tokio::test]
async fn the_schema_of_a_database_in_memory_is_in_step_after_ddl() {
    let mut double = Double::launch(json!({"model": "A", "schema": "1"})).await;
    let settings = settings(&json!({}));
    assert_eq!(double.result("update_configuration", settings).await, 0);
    let answer = double.act("start", json!({"autocreatedb": true})).await;
    assert_eq!(answer["result"], 3);
    assert!(
        answer["message"].as_str().unwrap().contains("has to be updated"),
        "{answer}"
    );
    assert!(
        answer["feedback"]["synchronizationreason"].is_string(),
        "{answer}"
    );
    let commands = double.act("get_ddl_commands", json!({"verbose": true})).await;
    assert_eq!(
        commands["feedback"]["ddl_commands"].as_array().unwrap().len(),
        3,
        "{commands}"
    );
    assert_eq!(double.result("execute_ddl_commands", json!({})).await, 0);
    assert_eq!(double.result("start", json!({})).await, 0);
    assert_eq!(double.status().await, "running");
    let url = double.app_port().await;
    let page = double.get_json(&url).await;
    assert_eq!(
        (&page["app"], &page["model"], &page["schema"]),
        (&json!("sample"), &json!("A"), &json!("1"))
    );
    assert_eq!(
        (&page["role"], &page["corrupted"]),
        (&json!("leader"), &json!(false))
    );
}

#[tokio::test]
async fn ddl_that_fails_leaves_the_schema() {
    let double = Double::launch(json!({"failDdl": true})).await;
    assert_eq!(double.configure_and_start(&json!({})).await, 3);
    assert_eq!(double.result("execute_ddl_commands", json!({})).await, 1);
    assert_eq!(double.result("start", json!({})).await, 3);
}

#[tokio::test]
async fn health_is_what_the_options_say() {
    for (health, result, word) in [
        ("sick", 0, json!("sick")),
        ("unknown", 0, json!("unknown")),
        ("absent", -5, Value::Null),
    ] {
        let double = Double::launch(json!({"health": health})).await;
        double.lead(&json!({})).await;
        let answer = double.act("check_health", json!({})).await;
        assert_eq!(
            (&answer["result"], &answer["feedback"]["health"]),
            (&json!(result), &word),
            "{health}"
        );
    }
}

#[tokio::test]
async fn a_slow_start_is_seen_as_starting_and_survives_its_client() {
    let double = Double::launch(json!({"startDelayMillis": 1000})).await;
    assert_eq!(double.configure_and_start(&json!({})).await, 3);
    assert_eq!(double.result("execute_ddl_commands", json!({})).await, 0);
    let impatient = double.request(&proper_headers(), r#"{"action":"start"}"#.to_owned());
    let impatient = impatient.timeout(std::time::Duration::from_millis(100));
    assert!(impatient.send().await.unwrap_err().is_timeout());
    assert_eq!(double.status().await, "starting");
    assert_eq!(double.result("start", json!({})).await, 6);
    wait::until(
        "running",
        async || double.status().await,
        |status| status == "running",
    )
    .await;
}

#[tokio::test]
async fn a_silent_admin_port_takes_connections_and_says_nothing() {
    let app = app(&metadata(), &json!({"adminSilent": true}));
    let double = Double::launch_app(app).await;
    let request = http()
        .post(&double.admin)
        .timeout(std::time::Duration::from_millis(300));
    assert!(request.send().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn an_option_that_does_not_exist_is_an_error() {
    let app = app(&metadata(), &json!({"startDelay": 1}));
    let output = command(&app).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(log.contains("double.json") && log.contains("startDelay"), "{log}");
}
