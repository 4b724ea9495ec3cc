//! How a model is started.

use crate::guard::{Setup, eventually, runs};
use crate::runtime::Runtime;
use rstest::rstest;
use serde_json::{Value, json};

/// A child that runs until it is asked to end. It says who it is once it would notice.
pub(crate) const OBEDIENT: &str =
    "trap 'exit 0' TERM; echo $$ > child; while [ -e log ]; do sleep 0.05; done";

#[tokio::test]
async fn a_leader_starts_the_model_on_a_database_that_fits() {
    let runtime = Runtime::start().await;
    let guard = Setup::new("leader", &runtime, OBEDIENT).start();
    guard.probe_is("readyz", 200).await;
    let expected = [
        "create_log_subscriber",
        "start_logging",
        "update_appcontainer_configuration",
        "update_configuration",
        "start",
    ];
    assert_eq!(runtime.actions(), expected);
    assert_eq!(runtime.params("start"), Value::Null);
    let container = json!({"runtime_port": runtime.app_port, "runtime_listen_addresses": "*"});
    assert_eq!(runtime.params("update_appcontainer_configuration"), container);
    let installation = guard.folder.path().join("mendix");
    let configuration = json!({
        "BasePath": installation.join("app"), "RuntimePath": installation.join("runtime"), "DTAPMode": "P",
        "DatabaseHost": "db:5432", "DatabasePassword": "database-secret",
        "MicroflowConstants": {"A.B": "constant-secret"}, "com.mendix.core.isClusterSlave": "false",
    });
    assert_eq!(runtime.params("update_configuration"), configuration);
    let status = guard.state_is("running").await;
    assert_eq!(
        (&status["role"], &status["start"]["code"]),
        (&json!("leader"), &json!(0))
    );
    assert_eq!(status["runtimeStatus"], "running");
}

#[tokio::test]
async fn a_leader_synchronises_the_database() {
    let runtime = Runtime::start().await;
    runtime.answer(
        "start",
        json!({"result": 3, "message": "the database has to be updated"}),
    );
    runtime.answer(
        "get_ddl_commands",
        json!({"result": 0, "feedback": {"ddl_commands": ["CREATE a", "CREATE b"]}}),
    );
    runtime.never_answer("execute_ddl_commands");
    let guard = Setup::new("leader", &runtime, OBEDIENT).start();
    guard.state_is("synchronising").await;
    assert_eq!(guard.probe("livez").await.0, 200);
    assert_eq!(guard.probe("readyz").await.0, 503);
    let status = guard.status().await;
    assert_eq!(
        (&status["schemaStatements"], &status["start"]["code"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(
        runtime.actions()[4..],
        ["start", "get_ddl_commands", "execute_ddl_commands"]
    );
    assert!(!guard.file("log").contains("CREATE a"), "{}", guard.file("log"));
}

#[tokio::test]
async fn a_leader_starts_again_after_the_synchronisation() {
    let runtime = Runtime::start().await;
    runtime.answer("start", json!({"result": 3}));
    let mut guard = Setup::new("leader", &runtime, OBEDIENT).start();
    // The fake never takes the synchronisation for enough, so the guard gives up after the third.
    let (code, message) = guard.end().await;
    assert_eq!(code, 1);
    assert!(message.contains("still does not fit the model"), "{message}");
    let synchronisations = runtime
        .actions()
        .iter()
        .filter(|action| *action == "execute_ddl_commands")
        .count();
    let starts = runtime
        .actions()
        .iter()
        .filter(|action| *action == "start")
        .count();
    assert_eq!((synchronisations, starts), (3, 4));
}

#[tokio::test]
async fn a_worker_waits_for_its_leader_and_stays_alive() {
    let runtime = Runtime::start().await;
    runtime.answer("start", json!({"result": 3}));
    let guard = Setup::new("worker", &runtime, OBEDIENT).start();
    let status = guard.state_is("awaitingLeader").await;
    assert_eq!(
        status["waitingFor"],
        "the leader to synchronise the database with the model"
    );
    assert_eq!(guard.probe("livez").await.0, 200);
    assert_eq!(guard.probe("readyz").await.0, 503);
    eventually("a second try", || async {
        (runtime
            .actions()
            .iter()
            .filter(|action| *action == "start")
            .count()
            > 1)
        .then_some(())
    })
    .await;
    runtime.answer("start", json!({"result": 0}));
    runtime.set_status("running");
    guard.probe_is("readyz", 200).await;
    assert!(!runtime.actions().contains(&"execute_ddl_commands".to_owned()));
    assert_eq!(
        runtime.params("update_configuration")["com.mendix.core.isClusterSlave"],
        "true"
    );
}

#[tokio::test]
async fn no_setting_turns_a_worker_into_a_leader() {
    let runtime = Runtime::start().await;
    let settings = json!({"com.mendix.core.isClusterSlave": "false", "DatabaseHost": "elsewhere"});
    let guard = Setup::new("worker", &runtime, OBEDIENT)
        .with("settings", settings)
        .start();
    guard.probe_is("readyz", 200).await;
    let sent = runtime.params("update_configuration");
    assert_eq!(sent["com.mendix.core.isClusterSlave"], "true");
    assert_eq!(sent["DatabaseHost"], "db:5432");
}

#[tokio::test]
async fn the_administrator_and_the_debugger_get_their_passwords() {
    let runtime = Runtime::start().await;
    let setup = Setup::new("leader", &runtime, OBEDIENT);
    let setup = setup
        .with("adminUserPassword", json!("user-secret"))
        .with("debuggerPassword", json!("debugger-secret"));
    let guard = setup.start();
    guard.probe_is("readyz", 200).await;
    assert_eq!(
        runtime.params("create_admin_user"),
        json!({"password": "user-secret"})
    );
    assert_eq!(
        runtime.params("update_admin_user"),
        json!({"username": "MxAdmin", "password": "user-secret"})
    );
    assert_eq!(
        runtime.params("enable_debugger"),
        json!({"password": "debugger-secret"})
    );
    assert!(!guard.file("log").contains("-secret"), "{}", guard.file("log"));
}

#[rstest]
#[case(4, "constants of the model have no value: A.B")]
#[case(5, "an administrator of the app still has the password 1")]
#[case(6, "the runtime is in a state in which no model can be started")]
#[case(7, "DTAPMode is not set")]
#[case(8, "the runtime does not know the folder of the app")]
#[case(9, "the runtime does not know its own folder")]
#[case(10, "the licence is not valid")]
#[case(11, "set runtime.dtapMode to D")]
#[case(12, "the after-startup microflow failed")]
#[case(13, "the licence does not cover mobile use")]
#[case(1, "a result that is not documented")]
#[tokio::test]
async fn a_failed_start_ends_the_container_with_a_remedy(#[case] code: i64, #[case] words: &str) {
    let runtime = Runtime::start().await;
    let message = "refused; database-secret was used";
    runtime.answer(
        "start",
        json!({"result": code, "message": message, "feedback": {"missing": ["A.B"]}}),
    );
    runtime.hold("start");
    let mut guard = Setup::new("leader", &runtime, OBEDIENT).start();
    let child: i32 = guard.line("child").await.parse().unwrap();
    runtime.release("start");
    let (exit, message) = guard.end().await;
    assert_eq!(exit, 1, "{}", guard.file("log"));
    assert!(message.contains(words), "{message}");
    assert!(message.contains("refused; *** was used"), "{message}");
    assert!(guard.file("log").contains(&message), "{}", guard.file("log"));
    assert!(
        !guard.file("log").contains("database-secret"),
        "{}",
        guard.file("log")
    );
    assert!(!runs(child));
}

#[tokio::test]
async fn a_failed_start_is_told_in_the_status_until_the_child_is_gone() {
    let runtime = Runtime::start().await;
    runtime.answer("start", json!({"result": 11, "message": "security is off"}));
    runtime.hold("start");
    let stubborn = "trap '' TERM; echo $$ > child; while [ -e log ] && [ ! -e end ]; do sleep 0.05; done";
    let mut guard = Setup::new("leader", &runtime, stubborn).start();
    guard.line("child").await;
    runtime.release("start");
    let status = guard.state_is("stopping").await;
    assert_eq!(
        (&status["start"]["code"], &status["start"]["reason"]),
        (&json!(11), &json!("SecurityOff"))
    );
    assert!(
        status["start"]["remedy"].as_str().unwrap().contains("dtapMode"),
        "{status}"
    );
    guard.touch("end");
    assert_eq!(guard.end().await.0, 1);
}

#[tokio::test]
async fn licence_certificates_and_heap_reach_the_runtime() {
    let runtime = Runtime::start().await;
    let script = format!("echo $JAVA_TOOL_OPTIONS > options; {OBEDIENT}");
    let mut setup = Setup::new("leader", &runtime, &script)
        .with("license", json!({"id": "1", "key": "license-secret"}))
        .with("authorities", json!(["authority-0.crt"]))
        .with("heapMebibytes", json!(212));
    let options = ("JAVA_TOOL_OPTIONS".to_owned(), "-Da=b -Xmx4g".to_owned());
    setup.variables.extend([options]);
    let guard = setup.start();
    guard.probe_is("readyz", 200).await;
    assert_eq!(guard.line("options").await, "-Da=b -Xmx212m");
    let license = json!({"license_id": "1", "license_key": "license-secret"});
    assert_eq!(runtime.params("set_license"), license);
    let authority = guard.folder.path().join("configuration/authority-0.crt");
    assert_eq!(
        runtime.params("update_configuration")["CACertificates"],
        json!(authority)
    );
    assert!(!guard.file("log").contains("license-secret"));
}
