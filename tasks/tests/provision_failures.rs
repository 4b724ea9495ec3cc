//! Runs that fail or are killed: what stays, what goes, and that the next run succeeds.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use rstest::rstest;
use support::api::{Script, TestApi};
use support::instance::{Instance, SECRET, sentence, store};
use support::postgres::start;
use support::proxy::{CuttingProxy, Later};

/// Runs until the Secret is asked for, then ends without a chance to clean up.
async fn killed_at_the_secret(instance: &Instance, api: &TestApi) {
    let (task, client) = (instance.task.clone(), api.client());
    let run = tokio::spawn(async move { store("postgres").provision(&task, client).await });
    while api.requests() == 0 {
        tokio::task::yield_now().await;
    }
    run.abort();
    assert!(run.await.is_err_and(|error| error.is_cancelled()));
}

#[tokio::test]
async fn what_a_refused_run_made_is_gone() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Refuse).await);
    let text = sentence(instance.provision(&api).await);
    assert!(
        text.contains("failed to create Secret shop-database: secrets is forbidden"),
        "{text}"
    );
    assert_eq!(instance.exists(&server).await, (false, false));
}

#[tokio::test]
async fn without_the_right_to_create_the_secret_nothing_is_touched() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::RefuseDryRun).await);
    sentence(instance.provision(&api).await);
    if let Some(log) = server.log() {
        assert!(!log.contains(&instance.name), "the server was asked");
    }
    assert_eq!(
        (instance.exists(&server).await, api.requests()),
        ((false, false), 0)
    );
}

#[tokio::test]
async fn what_was_there_before_a_refused_run_stays() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Hang).await);
    killed_at_the_secret(&instance, &api).await;
    api.script(Script::Refuse);
    sentence(instance.provision(&api).await);
    assert_eq!(instance.exists(&server).await, (true, true));
}

#[tokio::test]
async fn a_run_after_one_that_was_killed_at_the_secret_succeeds() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Hang).await);
    killed_at_the_secret(&instance, &api).await;
    assert_eq!(instance.exists(&server).await, (true, true));
    api.script(Script::Create);
    instance.provision(&api).await.expect("second run");
    instance.use_database(&server, &api.keys(SECRET)).await;
}

/// More messages than a run sends; the loops end when a run gets through.
const ENOUGH: usize = 40;

#[rstest]
#[case(false)]
#[case(true)]
#[tokio::test]
async fn a_run_after_one_that_was_killed_anywhere_succeeds(#[case] executed: bool) {
    let Some(server) = start().await else { return };
    for messages in 0..ENOUGH {
        let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
        let proxy = CuttingProxy::start(server.address(), messages, executed, Later::Refused).await;
        instance.admin(&proxy.address, &server.admin.0, &server.admin.1, "postgres");
        let first = instance.provision(&api).await;
        if first.is_ok() {
            assert!(messages > 8, "only {messages} messages were counted");
            return;
        }
        sentence(first);
        assert_eq!(api.requests(), 0, "no Secret without a database");
        instance.admin(&server.address(), &server.admin.0, &server.admin.1, "postgres");
        instance
            .provision(&api)
            .await
            .unwrap_or_else(|error| panic!("after {messages} messages: {error}"));
        instance.use_database(&server, &api.keys(SECRET)).await;
    }
    panic!("no run got through");
}

#[tokio::test]
async fn a_run_that_loses_its_connection_takes_everything_back() {
    let Some(server) = start().await else { return };
    for messages in 0..ENOUGH {
        let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
        let proxy = CuttingProxy::start(server.address(), messages, false, Later::Allowed).await;
        instance.admin(&proxy.address, &server.admin.0, &server.admin.1, "postgres");
        let first = instance.provision(&api).await;
        if first.is_ok() {
            return;
        }
        sentence(first);
        assert_eq!(
            instance.exists(&server).await,
            (false, false),
            "after {messages} messages"
        );
    }
    panic!("no run got through");
}

#[tokio::test]
async fn a_lost_answer_is_not_taken_for_a_refusal() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::LoseAnswer).await);
    instance.provision(&api).await.expect("provision");
    assert_eq!(api.requests(), 2);
    instance.use_database(&server, &api.keys(SECRET)).await;
}

#[rstest]
#[case(Script::Appeared, "it appeared while the store was made")]
#[case(Script::Fail, "failed to learn whether Secret shop-database was created")]
#[tokio::test]
async fn a_database_that_a_secret_may_speak_of_is_kept(#[case] script: Script, #[case] part: &str) {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    api.script(script);
    let text = sentence(instance.provision(&api).await);
    assert!(text.contains(part), "{text}");
    assert_eq!(instance.exists(&server).await, (true, true));
}
