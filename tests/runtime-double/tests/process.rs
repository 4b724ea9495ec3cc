//! The process: ports, signals, exit codes, the app port.

#[cfg(test)]
mod support;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::double::{Double, app, command, http, metadata};
use support::{double::taken_port, wait};

#[tokio::test]
async fn an_admin_port_in_use_ends_the_process_with_2() {
    let (_listener, port) = taken_port();
    let app = app(&metadata(), &Value::Null);
    let output = command(&app).env("M2EE_ADMIN_PORT", port).output().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn an_app_port_in_use_ends_the_process_with_3() {
    let (_listener, port) = taken_port();
    let mut double = Double::launch(Value::Null).await;
    let container = json!({"runtime_port": port.parse::<u16>().unwrap()});
    assert_eq!(
        double
            .result("update_appcontainer_configuration", container)
            .await,
        0
    );
    assert_eq!(double.configure_and_start(&json!({})).await, 3);
    assert_eq!(double.result("execute_ddl_commands", json!({})).await, 0);
    let _ = double.try_act("start").await;
    assert_eq!(double.exit_code().await, Some(3));
}

#[tokio::test]
async fn a_missing_package_or_password_ends_the_process_with_1() {
    let empty = tempfile::tempdir().unwrap();
    let output = command(&empty).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("metadata.json")
    );
    let app = app(&metadata(), &Value::Null);
    let output = command(&app)
        .env_remove("M2EE_ADMIN_PASS")
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("M2EE_ADMIN_PASS")
    );
}

#[tokio::test]
async fn sigterm_and_sigint_end_the_process_with_0() {
    for (signal, running) in [(Signal::TERM, false), (Signal::TERM, true), (Signal::INT, true)] {
        let mut double = Double::launch(Value::Null).await;
        if running {
            double.lead(&json!({})).await;
        }
        double.signal(signal);
        assert_eq!(double.exit_code().await, Some(0), "{signal:?}");
    }
}

#[tokio::test]
async fn the_exit_code_after_a_signal_can_be_that_of_a_jvm() {
    let mut double = Double::launch(json!({"signalExitCode": 143})).await;
    double.terminate();
    assert_eq!(double.exit_code().await, Some(143));
}

#[tokio::test]
async fn shutdown_drops_the_connection_and_ends_with_0() {
    let mut double = Double::launch(json!({"signalExitCode": 143})).await;
    double.lead(&json!({})).await;
    let error = double.try_act("shutdown").await.unwrap_err();
    assert!(!error.is_timeout() && !error.is_status(), "{error:?}");
    assert_eq!(double.exit_code().await, Some(0));
}

#[tokio::test]
async fn a_double_that_ignores_sigterm_goes_on() {
    let mut double = Double::launch(json!({"ignoreSigterm": true})).await;
    double.lead(&json!({})).await;
    double.terminate();
    double.line("a signal was ignored").await;
    assert_eq!(double.status().await, "running");
    double.signal(Signal::KILL);
    assert_eq!(double.exit_code().await, None);
}

#[tokio::test]
async fn a_slow_stop_is_seen_as_stopping_and_opens_no_new_request() {
    let mut double = Double::launch(json!({"stopDelayMillis": 1500})).await;
    double.lead(&json!({})).await;
    let url = double.app_port().await;
    double.terminate();
    wait::until(
        "stopping",
        async || double.status().await,
        |status| status == "stopping",
    )
    .await;
    let closed = async || http().get(&url).send().await.is_err();
    wait::until("a closed app port", closed, |closed| *closed).await;
    assert_eq!(double.exit_code().await, Some(0));
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_end() {
    let mut double = Double::launch(Value::Null).await;
    double.lead(&json!({})).await;
    let url = double.app_port().await;
    let slow = tokio::spawn(http().get(format!("{url}/slow?ms=700")).send());
    // One answered request later the slow one has been taken, as connections are taken in order.
    wait::until(
        "another answer",
        async || http().get(&url).send().await.is_ok(),
        |ok| *ok,
    )
    .await;
    double.terminate();
    assert_eq!(slow.await.unwrap().unwrap().status(), 200);
    assert_eq!(double.exit_code().await, Some(0));
}

#[tokio::test]
async fn crashes_end_with_the_code_of_the_options() {
    let mut double = Double::launch(json!({"crashAfterMillis": 200, "exitCode": 7})).await;
    assert_eq!(double.exit_code().await, Some(7));
    let mut double = Double::launch(json!({"crashAfterRunningMillis": 0})).await;
    assert_eq!(double.configure_and_start(&json!({})).await, 3);
    assert_eq!(double.result("execute_ddl_commands", json!({})).await, 0);
    assert_eq!(double.status().await, "created");
    let _ = double.try_act("start").await;
    assert_eq!(double.exit_code().await, Some(1));
}

#[tokio::test]
async fn the_app_port_opens_in_start_and_tells_what_runs() {
    let mut double = Double::launch(json!({"model": "A"})).await;
    let root = json!({"ApplicationRootUrl": "https://app.example.com", "DatabasePassword": "hush"});
    double.lead(&root).await;
    let url = double.app_port().await;
    let page = double.get_json(&url).await;
    assert_eq!(page["applicationRootUrl"], "https://app.example.com");
    assert_eq!(page["status"], "running");
    let html = double.get(&url, "text/html,*/*").await;
    assert_eq!(html.headers()["x-runtime-double"], "ok");
    assert!(
        html.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let html = html.text().await.unwrap();
    assert!(
        html.contains("<h1>sample</h1>") && html.contains("<dd>A</dd>") && html.contains("leader"),
        "{html}"
    );
    assert_eq!(
        double.get_json(&format!("{url}/health/live")).await["status"],
        "pass"
    );
    assert_eq!(
        double.get_json(&format!("{url}/health/ready")).await["status"],
        "pass"
    );
    assert_eq!(double.get_json(&format!("{url}/slow?ms=1")).await["waited"], 1);
    assert_eq!(double.get(&format!("{url}/nothing"), "*/*").await.status(), 404);
    let configuration = double.get_json(&format!("{url}/double/configuration")).await;
    assert_eq!(configuration["settings"]["MicroflowConstants"]["Main.Limit"], "3");
    assert!(!configuration.to_string().contains("hush"), "{configuration}");
}

#[tokio::test]
async fn it_works_as_process_1() {
    let app = app(&metadata(), &Value::Null);
    // A process namespace of its own needs rights that not every machine gives.
    let probe = std::process::Command::new("unshare")
        .args(["--pid", "--fork", "true"])
        .status();
    if !probe.is_ok_and(|status| status.success()) {
        println!("skipped: no rights to make a process namespace");
        return;
    }
    let inner = command(&app);
    let mut outer = tokio::process::Command::new("unshare");
    outer
        .args(["--pid", "--fork", "--kill-child"])
        .arg(inner.as_std().get_program())
        .args(inner.as_std().get_args());
    for (name, value) in inner
        .as_std()
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)))
    {
        outer.env(name, value);
    }
    let child = outer
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let unshare = child.id().unwrap();
    let mut double = Double::follow(child, app).await;
    double.lead(&json!({})).await;
    let children = std::fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children")).unwrap();
    let pid = rustix::process::Pid::from_raw(children.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(double.exit_code().await, Some(0));
}
