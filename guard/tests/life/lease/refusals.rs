//! Databases that are another's, and those on which no rows can be kept.

use super::{Database, LEADER, OTHER, Pod, running, waiting};
use crate::guard::{Setup, eventually};
use crate::postgres;
use crate::runtime::Runtime;
use crate::start::OBEDIENT;
use mendix_model::lease::REFUSED;
use rustix::process::Signal;
use serde_json::json;

#[tokio::test]
async fn a_database_of_another_environment_is_refused_whatever_its_name() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let mut owner = database.guard(&LEADER, &runtime);
    running(&owner).await;
    owner.signal(Signal::TERM);
    owner.end().await;
    // A snapshot of it, restored under another name, and used from another cluster.
    let copy = Database::new(&server).await;
    let admin = server.admin("postgres").await;
    admin
        .batch_execute(&format!("DROP DATABASE {}", copy.name))
        .await
        .unwrap();
    let restore = format!("CREATE DATABASE {} TEMPLATE {}", copy.name, database.name);
    eventually("no session is left", || async {
        admin.batch_execute(&restore).await.ok()
    })
    .await;
    let mut stranger = copy.guard(
        &Pod {
            cluster: "there",
            ..OTHER
        },
        &runtime,
    );
    let (code, message) = stranger.end().await;
    assert_eq!(code, 1);
    let said = message.strip_prefix(REFUSED).unwrap_or_default();
    assert!(
        said.starts_with("the database belongs to environment till in namespace shop of another cluster"),
        "{message}"
    );
    assert_eq!(stranger.file("child"), "");
}

#[tokio::test]
async fn a_role_that_may_make_no_schema_runs_without_rows_and_says_so() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (mut database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let role = database.name.clone();
    let make = format!("CREATE ROLE {role} LOGIN PASSWORD 'app secret'; CREATE SCHEMA AUTHORIZATION {role}");
    database.client().await.batch_execute(&make).await.unwrap();
    let admit = format!("GRANT {role} TO postgres");
    database.client().await.batch_execute(&admit).await.unwrap();
    database.keys.insert("database-username", role);
    database.keys.insert("database-password", "app secret".to_owned());
    let guard = database.guard(&LEADER, &runtime);
    let status = guard.state_is("running").await;
    assert_eq!(status["lease"]["state"], "absent");
    let message = status["lease"]["message"].as_str().unwrap();
    assert!(
        message.contains("may not make schema kubectl_mendix"),
        "{message}"
    );
}

/// Whose rows they are cannot be read, and to start beside them would be a guess.
#[tokio::test]
async fn a_schema_of_another_role_is_refused() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (mut database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let mut owner = database.guard(&LEADER, &runtime);
    running(&owner).await;
    owner.signal(Signal::TERM);
    owner.end().await;
    let role = database.name.clone();
    let make = format!("CREATE ROLE {role} LOGIN PASSWORD 'app secret'");
    database.client().await.batch_execute(&make).await.unwrap();
    database.keys.insert("database-username", role);
    database.keys.insert("database-password", "app secret".to_owned());
    let mut stranger = database.guard(&OTHER, &runtime);
    let (code, message) = stranger.end().await;
    assert_eq!(code, 1);
    assert!(message.contains("another role has run an app on it"), "{message}");
    assert_eq!(stranger.file("child"), "");
}

/// The runtime says what is wrong with a password, as it did before there were rows.
#[tokio::test]
async fn a_login_that_the_guard_cannot_make_is_left_to_the_runtime() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (mut database, runtime) = (Database::new(&server).await, Runtime::start().await);
    database
        .keys
        .insert("database-password", "another-secret".to_owned());
    let guard = database.guard(&LEADER, &runtime);
    let status = guard.state_is("running").await;
    assert_eq!(status["lease"]["state"], "absent");
    let message = status["lease"]["message"].as_str().unwrap();
    assert!(
        message.contains("cannot log in") && !message.contains("secret"),
        "{message}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_while_it_is_waited_for() {
    let runtime = Runtime::start().await;
    let keys = [
        ("database-type", "PostgreSQL"),
        ("database-host", "127.0.0.1:1"),
        ("database-name", "shop"),
        ("database-username", "shop"),
        ("database-password", "database-secret"),
    ];
    let owner = json!({"cluster": "here", "namespace": "shop", "environment": "till"});
    let told = json!({"owner": owner, "model": "a", "leaderSelection": "assigned"});
    let mut guard = Setup::new("leader", &runtime, OBEDIENT)
        .with_database(keys.map(|(key, value)| (key, value.to_owned())).into())
        .with_variable("MENDIX_LEASE", told.to_string())
        .start();
    waiting(&guard, "127.0.0.1:1: Connection refused").await;
    guard.signal(Signal::TERM);
    assert_eq!(guard.end().await, (0, String::new()));
}
