//! How a runtime ends.

use crate::guard::{Guard, Setup, eventually, parent, runs};
use crate::runtime::Runtime;
use crate::start::OBEDIENT;
use rstest::rstest;
use rustix::process::{Pid, Signal};
use serde_json::json;

async fn running(setup: Setup) -> Guard {
    let guard = setup.start();
    guard.probe_is("readyz", 200).await;
    guard.line("child").await;
    guard
}

#[rstest]
#[case::obedient(OBEDIENT)]
#[case::ended_by_the_signal("echo $$ > child; exec sleep 60")]
#[case::java_code("trap 'exit 143' TERM; echo $$ > child; while [ -e log ]; do sleep 0.05; done")]
#[tokio::test]
async fn a_runtime_that_stops_when_asked_ends_with_0(#[case] script: &str) {
    let runtime = Runtime::start().await;
    let mut guard = running(Setup::new("leader", &runtime, script)).await;
    guard.signal(Signal::TERM);
    let (code, message) = guard.end().await;
    assert_eq!((code, message.as_str()), (0, ""));
    assert_eq!(runtime.actions().last().map(String::as_str), Some("shutdown"));
}

#[tokio::test]
async fn an_interrupt_stops_as_well() {
    let runtime = Runtime::start().await;
    let mut guard = running(Setup::new("leader", &runtime, OBEDIENT)).await;
    guard.signal(Signal::INT);
    assert_eq!(guard.end().await.0, 0);
}

#[tokio::test]
async fn a_runtime_that_ignores_the_signal_is_killed_with_all_it_started() {
    let runtime = Runtime::start().await;
    let script = "trap '' TERM; sleep 60 & echo $! > other; echo $$ > child; wait; while [ -e log ]; do sleep 0.05; done";
    let setup = Setup::new("leader", &runtime, script).with("terminationGracePeriodSeconds", json!(1));
    let mut guard = running(setup).await;
    let processes = [guard.line("child").await, guard.line("other").await];
    guard.signal(Signal::TERM);
    let (code, message) = guard.end().await;
    assert_eq!(code, 137);
    assert!(
        message.contains("did not stop within 1 s and was killed"),
        "{message}"
    );
    for process in processes {
        let process = process.parse().unwrap();
        eventually("killed", || async { (!runs(process)).then_some(()) }).await;
    }
}

#[tokio::test]
async fn an_admin_port_that_hangs_does_not_keep_the_signal_back() {
    let runtime = Runtime::start().await;
    let setup = Setup::new("leader", &runtime, OBEDIENT).with("terminationGracePeriodSeconds", json!(4));
    let mut guard = running(setup).await;
    runtime.never_answer("shutdown");
    guard.signal(Signal::TERM);
    assert_eq!(guard.end().await.0, 0);
}

#[tokio::test]
async fn readiness_ends_at_once_and_the_app_goes_on_for_the_delay() {
    let runtime = Runtime::start().await;
    let script = "echo $$ > child; while [ -e log ] && [ ! -e end ]; do sleep 0.05; done";
    let setup = Setup::new("leader", &runtime, script).with("terminationDelaySeconds", json!(3600));
    let mut guard = running(setup).await;
    guard.signal(Signal::TERM);
    let body = guard.probe_is("readyz", 503).await;
    assert!(body.contains("stopping"), "{body}");
    assert_eq!(guard.probe("livez").await.0, 200);
    assert!(runs(guard.line("child").await.parse().unwrap()));
    assert!(!runtime.actions().contains(&"shutdown".to_owned()));
    guard.touch("end");
    assert_eq!(guard.end().await.0, 0);
}

#[tokio::test]
async fn a_signal_during_the_start_stops_it() {
    let runtime = Runtime::start().await;
    runtime.never_answer("start");
    let mut guard = Setup::new("leader", &runtime, OBEDIENT).start();
    eventually("start", || async {
        runtime.actions().contains(&"start".to_owned()).then_some(())
    })
    .await;
    guard.signal(Signal::TERM);
    assert_eq!(guard.end().await.0, 0);
}

#[tokio::test]
async fn the_code_of_a_crash_is_passed_on() {
    let runtime = Runtime::start().await;
    let script = "echo $$ > child; while [ -e log ] && [ ! -e crash ]; do sleep 0.05; done; exit 7";
    let mut guard = running(Setup::new("leader", &runtime, script)).await;
    guard.touch("crash");
    let (code, message) = guard.end().await;
    assert_eq!(code, 7);
    assert!(message.contains("ended by itself with code 7"), "{message}");
}

#[tokio::test]
async fn a_crash_during_the_start_is_told_as_a_crash() {
    let runtime = Runtime::start().await;
    runtime.never_answer("start");
    let script = "echo $$ > child; while [ -e log ] && [ ! -e crash ]; do sleep 0.05; done; exit 7";
    let mut guard = Setup::new("leader", &runtime, script).start();
    eventually("start", || async {
        runtime.actions().contains(&"start".to_owned()).then_some(())
    })
    .await;
    guard.touch("crash");
    let (code, message) = guard.end().await;
    assert_eq!(code, 7);
    assert!(message.contains("ended by itself with code 7"), "{message}");
}

#[tokio::test]
async fn a_runtime_that_was_killed_is_told_with_the_usual_cause() {
    let runtime = Runtime::start().await;
    let mut guard = running(Setup::new("leader", &runtime, OBEDIENT)).await;
    let child = guard.line("child").await.parse().unwrap();
    rustix::process::kill_process(Pid::from_raw(child).unwrap(), Signal::KILL).unwrap();
    let (code, message) = guard.end().await;
    assert_eq!(code, 137);
    assert!(message.contains("resources.limits.memory"), "{message}");
}

#[rstest]
#[case(2, "its admin port is in use")]
#[case(3, "the port of the app is in use")]
#[case(4, "the Java version does not fit")]
#[tokio::test]
async fn codes_of_the_runtime_are_translated(#[case] code: i32, #[case] words: &str) {
    let runtime = Runtime::start().await;
    runtime.drop_admin_port();
    let mut guard = Setup::new("leader", &runtime, &format!("exit {code}")).start();
    let (exit, message) = guard.end().await;
    assert_eq!(exit, code);
    assert!(message.contains(words), "{message}");
}

#[tokio::test]
async fn orphans_are_taken_in() {
    let runtime = Runtime::start().await;
    let orphan = "sh -c 'echo $$ > orphan; while [ -e log ] && [ ! -e end ]; do sleep 0.05; done'";
    let script = format!("({orphan} &); echo $$ > child; while [ -e log ]; do sleep 0.05; done");
    let guard = running(Setup::new("leader", &runtime, &script)).await;
    let orphan: i32 = guard.line("orphan").await.parse().unwrap();
    eventually("the orphan is the guard's", || async {
        (parent(orphan) == Some(guard.id())).then_some(())
    })
    .await;
    guard.touch("end");
    // One that was not taken in would stay as a zombie, with an entry.
    eventually("the orphan is taken in", || async {
        parent(orphan).is_none().then_some(())
    })
    .await;
    assert_eq!(guard.probe("livez").await.0, 200);
}

#[tokio::test]
async fn what_the_child_leaves_behind_ends_with_the_guard() {
    let runtime = Runtime::start().await;
    let mut guard = Setup::new("leader", &runtime, "sleep 60 & echo $! > left; exit 5").start();
    assert_eq!(guard.end().await.0, 5);
    let left = guard.line("left").await.parse().unwrap();
    eventually("killed", || async { (!runs(left)).then_some(()) }).await;
}
