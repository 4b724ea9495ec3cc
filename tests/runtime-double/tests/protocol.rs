//! The admin port as a client on the wire sees it: requests written by hand from the m2ee admin protocol.

#[cfg(test)]
mod support;

use serde_json::{Value, json};
use support::double::{Double, PASSWORD, http, proper_headers};

/// A request and its result.
const BEFORE_START: &[(&str, i64)] = &[
    (r#"{"action":"echo","params":{"echo":"ping"}}"#, 0),
    (r#"{"action":"echo"}"#, 0),
    (r#"{"action":"echo","params":null}"#, 0),
    (r#"{"action":"get_admin_action_info"}"#, 0),
    (r#"{"action":"runtime_status"}"#, 0),
    (r#"{"action":"close_stdio"}"#, 0),
    (r#"{"action":"createruntime"}"#, 0),
    (r#"{"action":"set_jetty_options"}"#, 0),
    (r#"{"action":"add_mime_type","params":{"woff":"font/woff"}}"#, 0),
    (r#"{"action":"start_logging"}"#, 0),
    (
        r#"{"action":"get_log_settings","params":{"sort":"subscriber"}}"#,
        0,
    ),
    (r#"{"action":"about"}"#, 0),
    (r#"{"action":"server_statistics"}"#, 0),
    (r#"{"action":"get_all_thread_stack_traces"}"#, 0),
    (r#"{"action":"get_license_information"}"#, 0),
    (r#"{"action":"check_health"}"#, 2),
    (r#"{"action":"get_ddl_commands"}"#, -5),
    (r#"{"action":"execute_ddl_commands"}"#, -5),
    (
        r#"{"action":"create_admin_user","params":{"username":"MxAdmin","password":"x"}}"#,
        -5,
    ),
    (
        r#"{"action":"update_admin_user","params":{"username":"MxAdmin","password":"x"}}"#,
        -5,
    ),
    (r#"{"action":"runtime_statistics"}"#, -5),
    (r#"{"action":"cache_statistics"}"#, -5),
    (r#"{"action":"get_logged_in_user_names"}"#, -5),
    (r#"{"action":"get_current_runtime_requests"}"#, -5),
    (
        r#"{"action":"interrupt_request","params":{"request_id":"1"}}"#,
        -5,
    ),
    (r#"{"action":"enable_debugger","params":{"password":"x"}}"#, -5),
    (r#"{"action":"disable_debugger"}"#, -5),
    (r#"{"action":"get_debugger_status"}"#, -5),
    (r#"{"action":"reload_model"}"#, -5),
    (r#"{"action":"make_coffee"}"#, -5),
];

/// Every action with a request that is understood, before anything was configured: its result.
#[tokio::test]
async fn every_action_before_the_app_runs() {
    let double = Double::launch(Value::Null).await;
    for (request, result) in BEFORE_START {
        let answer = double.raw(request).await;
        assert_eq!(answer["result"], *result, "{request}: {answer}");
        assert!(answer["feedback"].is_object(), "{request}: {answer}");
        assert_eq!(*result != 0, answer["message"].is_string(), "{request}: {answer}");
    }
}

/// A request, the result, the feedback.
const WHILE_RUNNING: &[(&str, i64, &str)] = &[
    (
        r#"{"action":"check_health"}"#,
        0,
        r#"{"health": "healthy", "diagnosis": ""}"#,
    ),
    (
        r#"{"action":"create_admin_user","params":{"username":"me","password":"x"}}"#,
        0,
        "{}",
    ),
    (
        r#"{"action":"update_admin_user","params":{"username":"me","password":"y"}}"#,
        0,
        "{}",
    ),
    (
        r#"{"action":"update_admin_user","params":{"username":"you","password":"y"}}"#,
        1,
        "{}",
    ),
    (
        r#"{"action":"update_admin_user","params":{"username":"me"}}"#,
        1,
        "{}",
    ),
    (
        r#"{"action":"get_logged_in_user_names"}"#,
        0,
        r#"{"count": 0, "users": []}"#,
    ),
    (r#"{"action":"get_current_runtime_requests"}"#, 0, "{}"),
    (
        r#"{"action":"interrupt_request","params":{"request_id":"1"}}"#,
        0,
        r#"{"result": false}"#,
    ),
    (r#"{"action":"enable_debugger"}"#, 1, "{}"),
    (
        r#"{"action":"enable_debugger","params":{"password":"x"}}"#,
        0,
        "{}",
    ),
    (r#"{"action":"disable_debugger"}"#, 0, "{}"),
    (r#"{"action":"reload_model"}"#, 0, "{}"),
    (
        r#"{"action":"get_ddl_commands","params":{"verbose":true}}"#,
        0,
        r#"{"ddl_commands": []}"#,
    ),
    (r#"{"action":"execute_ddl_commands"}"#, 1, "{}"),
    (
        r#"{"action":"cache_statistics"}"#,
        0,
        r#"{"cache": {"total_count": 0}}"#,
    ),
    (r#"{"action":"start"}"#, 6, "{}"),
    (r#"{"action":"set_license","params":{"license_id":"1"}}"#, 1, "{}"),
    (
        r#"{"action":"set_license","params":{"license_id":"1","license_key":"2"}}"#,
        0,
        "{}",
    ),
];

#[tokio::test]
async fn every_action_while_the_app_runs() {
    let double = Double::launch(json!({"missingConstants": []})).await;
    double.lead(&json!({"DTAPMode": "D"})).await;
    for (request, result, feedback) in WHILE_RUNNING {
        let answer = double.raw(request).await;
        assert_eq!(answer["result"], *result, "{request}: {answer}");
        assert_eq!(
            answer["feedback"],
            feedback.parse::<Value>().unwrap(),
            "{request}"
        );
    }
}

#[tokio::test]
async fn a_running_app_tells_about_itself() {
    let double = Double::launch(Value::Null).await;
    double.lead(&json!({})).await;
    let key = json!({"license_id": "1", "license_key": "2"});
    assert_eq!(double.result("set_license", key).await, 0);
    let statistics = double.act("runtime_statistics", json!({})).await;
    assert!(
        statistics["feedback"]["sessions"]["named_users"].is_u64(),
        "{statistics}"
    );
    let debugger = double.act("get_debugger_status", json!({})).await;
    assert_eq!(debugger["feedback"]["status"]["enabled"], false);
    let licence = double.act("get_license_information", json!({})).await;
    assert!(
        licence["feedback"]["license"]["ExpirationDate"].is_i64(),
        "{licence}"
    );
    let about = double.act("about", json!({})).await;
    assert_eq!(
        (&about["feedback"]["version"], &about["feedback"]["model_version"]),
        (&json!("10.6.1"), &json!("1.2.3"))
    );
}

#[tokio::test]
async fn requests_that_reach_no_action() {
    let double = Double::launch(Value::Null).await;
    let echo = r#"{"action":"echo"}"#;
    let [content_type, password] = <[_; 2]>::try_from(proper_headers()).unwrap();
    let wrong = ("X-M2EE-Authentication", PASSWORD.replace('ü', "u"));
    let text = ("Content-Type", "text/plain".to_owned());
    let charset = ("Content-Type", "application/json; charset=utf-8".to_owned());
    for (headers, body, result) in [
        (vec![content_type.clone(), password.clone()], echo, 0),
        (vec![charset, password.clone()], echo, 0),
        (vec![content_type.clone(), password.clone()], "", -1),
        (vec![content_type.clone(), password.clone()], "null", -1),
        (vec![text, password.clone()], echo, -2),
        (vec![password.clone()], echo, -2),
        (vec![content_type.clone(), wrong], echo, -4),
        (vec![content_type.clone()], echo, -4),
        (vec![content_type.clone(), password.clone()], r#"{"action":"#, -6),
        (
            vec![content_type.clone(), password.clone()],
            r#"{"params":{}}"#,
            -6,
        ),
        (vec![content_type, password], r#"{"action":"none"}"#, -5),
    ] {
        let response = double.post(&headers, body.to_owned()).await;
        assert_eq!(response.status(), 200, "{headers:?} {body}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["result"], result, "{headers:?} {body}: {answer}");
    }
    let answer = double.get_json(&double.admin).await;
    assert_eq!(answer["result"], -3);
}

#[tokio::test]
async fn a_password_in_plain_text_is_forbidden() {
    let double = Double::launch(Value::Null).await;
    let headers = [
        ("Content-Type", "application/json".into()),
        ("X-M2EE-Authentication", "plain".into()),
    ];
    let answer: Value = double
        .post(&headers, r#"{"action":"echo"}"#.into())
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(answer["result"], -4);
    assert!(!answer.to_string().contains(PASSWORD));
}

#[tokio::test]
async fn echo_status_and_action_info() {
    let double = Double::launch(Value::Null).await;
    let echo = double.act("echo", json!({"echo": "ping"})).await;
    assert_eq!(echo, json!({"result": 0, "feedback": {"echo": "pong"}}));
    let status = double.act("runtime_status", json!({})).await;
    assert_eq!(status, json!({"result": 0, "feedback": {"status": "created"}}));
    let info = double.act("get_admin_action_info", json!({})).await;
    assert_eq!(
        info["feedback"]["action_info"]["start"]["params"],
        json!(["autocreatedb"])
    );
}

/// An action, its parameters, its result, one after the other on one process.
const LOGGING: &[(&str, &str, i64)] = &[
    (
        "create_log_subscriber",
        r#"{"type":"console","name":"Stdout","autosubscribe":"INFO"}"#,
        0,
    ),
    (
        "create_log_subscriber",
        r#"{"type":"console","name":"Stdout","autosubscribe":"INFO"}"#,
        1,
    ),
    ("create_log_subscriber", r#"{"type": "pigeon", "name": "P"}"#, 1),
    ("create_log_subscriber", r#"{"type": "file"}"#, 1),
    (
        "create_log_subscriber",
        r#"{"type": "file", "name": "F", "autosubscribe": "LOUD"}"#,
        1,
    ),
    ("start_logging", "{}", 0),
    (
        "set_log_level",
        r#"{"subscriber": "*", "node": "Core", "level": "DEBUG"}"#,
        0,
    ),
    (
        "set_log_level",
        r#"{"subscriber": "Stdout", "node": "Mine", "level": "TRACE"}"#,
        1,
    ),
    (
        "set_log_level",
        r#"{"subscriber": "Stdout", "node": "Mine", "level": "TRACE", "force": true}"#,
        0,
    ),
    (
        "set_log_level",
        r#"{"nodes": [{"name": "Jetty", "level": "error"}], "force": true}"#,
        0,
    ),
    ("set_log_level", r#"{"nodes": [{"name": "Jetty"}]}"#, 1),
    (
        "set_log_level",
        r#"{"subscriber": "Nobody", "node": "Core", "level": "DEBUG"}"#,
        1,
    ),
    ("set_log_level", r#"{"node": "Core", "level": "LOUD"}"#, 1),
    ("remove_log_subscriber", r#"{"name": "Nobody"}"#, 1),
];

#[tokio::test]
async fn logging_is_kept_by_subscriber_and_node() {
    let double = Double::launch(Value::Null).await;
    for (action, params, result) in LOGGING {
        let answer = double.act(action, params.parse().unwrap()).await;
        assert_eq!(answer["result"], *result, "{action} {params}: {answer}");
    }
    let by_subscriber = double
        .act("get_log_settings", json!({"sort": "subscriber"}))
        .await;
    let levels = &by_subscriber["feedback"]["Stdout"];
    assert_eq!(
        (&levels["Core"], &levels["Mine"]),
        (&json!("DEBUG"), &json!("TRACE"))
    );
    assert_eq!(levels["Jetty"], "ERROR");
    let by_node = double.act("get_log_settings", json!({"sort": "node"})).await;
    assert_eq!(by_node["feedback"]["Mine"]["Stdout"], "TRACE");
    assert_eq!(
        double
            .result("remove_log_subscriber", json!({"name": "Stdout"}))
            .await,
        0
    );
    assert_eq!(
        double.act("get_log_settings", json!({})).await["feedback"],
        json!({})
    );
}

#[tokio::test]
async fn configuration_that_a_runtime_cannot_read() {
    let double = Double::launch(Value::Null).await;
    for (action, params, result) in [
        (
            "update_configuration",
            json!({"MyScheduledEvents": "One,Two", "CACertificates": "/a,/b"}),
            0,
        ),
        (
            "update_configuration",
            json!({"MyScheduledEvents": ["One", "Two"]}),
            1,
        ),
        ("update_configuration", json!({"CACertificates": ["/a"]}), 1),
        ("update_configuration", json!({"MicroflowConstants": "{}"}), 1),
        (
            "update_appcontainer_configuration",
            json!({"runtime_port": "many"}),
            1,
        ),
        (
            "update_appcontainer_configuration",
            json!({"runtime_port": 70000}),
            1,
        ),
        (
            "update_appcontainer_configuration",
            json!({"runtime_port": 0, "runtime_jetty_options": {}}),
            0,
        ),
        (
            "update_appcontainer_configuration",
            json!({"runtime_listen_addresses": "127.0.0.1"}),
            0,
        ),
    ] {
        assert_eq!(
            double.result(action, params.clone()).await,
            result,
            "{action} {params}"
        );
    }
}

#[tokio::test]
async fn metrics_are_there_when_a_registry_is_configured() {
    let double = Double::launch(Value::Null).await;
    let url = format!("{}/prometheus", double.admin);
    let get = async |password: Option<String>| {
        let request = http().get(&url);
        let request = password
            .into_iter()
            .fold(request, |request, it| request.header("X-M2EE-Authentication", it));
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let password = proper_headers()[1].1.clone();
    double.lead(&json!({})).await;
    assert_eq!(get(Some(password.clone())).await.0, 404);
    let registries = json!({"Metrics.Registries": [{"type": "prometheus", "settings": {"step": "10s"}}]});
    assert_eq!(double.result("update_configuration", registries).await, 0);
    let (status, text) = get(Some(password)).await;
    assert_eq!(status, 200);
    assert!(text.contains("# TYPE jvm_threads_live_threads gauge"), "{text}");
    assert_eq!(get(None).await.0, 403);
}
