//! What probes and metrics say of a model that runs.

use crate::guard::{Guard, Setup};
use crate::runtime::Runtime;
use crate::start::OBEDIENT;
use axum::http::StatusCode;
use rstest::rstest;
use serde_json::json;

async fn running(runtime: &Runtime) -> Guard {
    let guard = Setup::new("leader", runtime, OBEDIENT).start();
    guard.state_is("running").await;
    guard
}

#[tokio::test]
async fn a_sick_app_is_not_alive() {
    let runtime = Runtime::start().await;
    runtime.answer(
        "check_health",
        json!({"result": 0, "feedback": {"health": "sick", "diagnosis": "the queue is full"}}),
    );
    let guard = running(&runtime).await;
    let body = guard.probe_is("livez", 503).await;
    assert!(body.contains("the queue is full"), "{body}");
}

#[tokio::test]
async fn a_critical_log_message_kills_nothing() {
    let runtime = Runtime::start().await;
    runtime.answer(
        "echo",
        json!({"result": 0, "feedback": {"echo": "critical", "errors": [{"message": "m"}]}}),
    );
    let guard = running(&runtime).await;
    assert_eq!(guard.probe("livez").await.0, 200);
}

#[rstest]
#[case::broken("broken")]
#[case::stopped("stopped")]
#[tokio::test]
async fn a_runtime_that_broke_is_not_alive(#[case] word: &'static str) {
    let runtime = Runtime::start().await;
    let guard = running(&runtime).await;
    guard.probe_is("livez", 200).await;
    runtime.set_status(word);
    let body = guard.probe_is("livez", 503).await;
    assert!(body.contains(&format!("the runtime is {word}")), "{body}");
    guard.probe_is("readyz", 503).await;
}

#[tokio::test]
async fn a_runtime_without_admin_port_is_not_alive() {
    let runtime = Runtime::start().await;
    let guard = running(&runtime).await;
    guard.probe_is("livez", 200).await;
    runtime.drop_admin_port();
    let body = guard.probe_is("livez", 503).await;
    assert!(body.contains("the admin port does not answer"), "{body}");
}

#[tokio::test]
async fn an_app_with_server_errors_gets_no_requests() {
    let runtime = Runtime::start().await;
    let guard = running(&runtime).await;
    guard.probe_is("readyz", 200).await;
    runtime.set_app(StatusCode::SERVICE_UNAVAILABLE);
    let body = guard.probe_is("readyz", 503).await;
    assert!(body.contains("status 503"), "{body}");
    runtime.set_app(StatusCode::NOT_FOUND);
    guard.probe_is("readyz", 200).await;
    assert_eq!(guard.probe("livez").await.0, 200);
}

#[tokio::test]
async fn metrics_of_the_runtime_stand_before_ours() {
    let runtime = Runtime::start().await;
    let guard = Setup::new("leader", &runtime, OBEDIENT)
        .with("nativeMetrics", json!(true))
        .start();
    guard.state_is("running").await;
    let text = guard.metrics().await;
    assert!(text.starts_with("jvm_memory_used_bytes 42\n"), "{text}");
    assert!(
        text.contains("mendix_guard_state{state=\"running\"} 1\n"),
        "{text}"
    );
    assert!(text.contains("mendix_guard_start_result 0\n"), "{text}");
    runtime.drop_admin_port();
    let text = guard.metrics().await;
    assert!(text.starts_with("# HELP mendix_guard_role"), "{text}");
    assert!(text.contains("mendix_guard_runtime_metrics_up 0\n"), "{text}");
}

#[tokio::test]
async fn statistics_of_the_admin_port_are_metrics_in_compatibility_mode() {
    let runtime = Runtime::start().await;
    let statistics = json!({"result": 0, "feedback": {"connectionbus": {"select": 28}}});
    runtime.answer("runtime_statistics", statistics);
    let guard = Setup::new("leader", &runtime, OBEDIENT)
        .with("compatibilityMetrics", json!(true))
        .start();
    guard.state_is("running").await;
    let text = guard.metrics().await;
    assert!(
        text.contains("mx_runtime_stats_connectionbus_selects_total 28\n"),
        "{text}"
    );
    assert!(text.contains("mendix_guard_runtime_metrics_up 1\n"), "{text}");
    runtime.answer("runtime_statistics", json!({"result": -5}));
    let text = guard.metrics().await;
    assert!(!text.contains("connectionbus"), "{text}");
    assert!(text.contains("mendix_guard_runtime_metrics_up 0\n"), "{text}");
}

#[tokio::test]
async fn metrics_of_the_runtime_are_left_alone_when_they_are_off() {
    let runtime = Runtime::start().await;
    let guard = running(&runtime).await;
    let text = guard.metrics().await;
    assert!(!text.contains("jvm_memory"), "{text}");
    assert!(text.contains("mendix_guard_role{role=\"leader\"} 1\n"), "{text}");
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    let runtime = Runtime::start().await;
    let guard = running(&runtime).await;
    for text in [
        guard.status().await.to_string(),
        guard.metrics().await,
        guard.file("log"),
    ] {
        assert!(!text.contains("-secret"), "{text}");
    }
}
