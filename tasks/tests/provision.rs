//! Stores on a real PostgreSQL, with a scripted Kubernetes API.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use mendix_model::crd::storage::Purpose;
use mendix_tasks::provision::StoreTask;
use rstest::rstest;
use support::api::{Script, TestApi};
use support::instance::{Instance, SECRET, sentence, store, write_keys};
use support::postgres::start;
use tokio_postgres::error::SqlState;

#[tokio::test]
async fn the_app_gets_a_database_that_nobody_else_can_enter() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    instance.provision(&api).await.expect("provision");

    let keys = api.keys(SECRET);
    instance.use_database(&server, &keys).await;
    assert_eq!(keys["database-type"], "PostgreSQL");
    assert_eq!(keys["database-host"], server.address());
    assert_eq!(
        keys["database-jdbc-url"],
        format!("jdbc:postgresql://{}/{}", server.address(), instance.name)
    );
    assert_eq!(keys["database-password"].len(), 32);

    let admin = server.admin("postgres").await;
    admin
        .batch_execute("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN PASSWORD 's'")
        .await
        .expect("role");
    let refused = server
        .connect("stranger", "s", &instance.name)
        .await
        .expect_err("refused");
    assert_eq!(
        refused.code(),
        Some(&SqlState::INSUFFICIENT_PRIVILEGE),
        "{refused}"
    );
    let superuser = "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = $1";
    assert!(
        !admin
            .query_one(superuser, &[&instance.name])
            .await
            .expect("row")
            .get::<_, bool>(0)
    );
    if let Some(log) = server.log() {
        assert!(
            log.contains("CREATE ROLE") && !log.contains(&keys["database-password"]),
            "the log holds the password"
        );
    }
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    instance.provision(&api).await.expect("first");
    let keys = api.keys(SECRET);
    instance.provision(&api).await.expect("second");
    assert_eq!((api.keys(SECRET), api.requests()), (keys.clone(), 1));
    instance.use_database(&server, &keys).await;
}

#[tokio::test]
async fn an_administrator_without_superuser_rights_is_enough() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    let role = format!("maker-{}", instance.task.uid);
    let sql = format!("CREATE ROLE \"{role}\" LOGIN CREATEDB CREATEROLE PASSWORD 'p'");
    server
        .admin("postgres")
        .await
        .batch_execute(&sql)
        .await
        .expect("role");
    instance.admin(&server.address(), &role, "p", "postgres");
    instance.provision(&api).await.expect("provision");
    let keys = api.keys(SECRET);
    instance.use_database(&server, &keys).await;
    let app = server
        .connect(&instance.name, &keys["database-password"], &instance.name)
        .await
        .expect("app");
    instance.deprovision().await.expect("deprovision");
    assert_eq!(instance.exists(&server).await, (false, false));
    assert!(
        app.simple_query("SELECT 1").await.is_err(),
        "its sessions are ended"
    );
}

#[tokio::test]
async fn an_administrator_without_rights_is_told_which() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    let role = format!("weak-{}", instance.task.uid);
    let sql = format!("CREATE ROLE \"{role}\" LOGIN CREATEROLE PASSWORD 'p'");
    server
        .admin("postgres")
        .await
        .batch_execute(&sql)
        .await
        .expect("role");
    instance.admin(&server.address(), &role, "p", "postgres");
    let text = sentence(instance.provision(&api).await);
    assert!(
        text.contains(&format!(
            "failed to create databases: role {role} has not the right to"
        )),
        "{text}"
    );
    assert_eq!(instance.exists(&server).await, (false, false));
}

#[tokio::test]
async fn bad_credentials_and_addresses_are_explained() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    let (address, user, password) = (server.address(), server.admin.0.as_str(), server.admin.1.as_str());
    let cases = [
        (
            address.as_str(),
            user,
            "wrong",
            "postgres",
            "it refused the password of",
        ),
        (
            "127.0.0.1:1",
            user,
            password,
            "postgres",
            "failed to reach the database server 127.0.0.1:1: Connection refused",
        ),
        (
            "nothing.invalid:5432",
            user,
            password,
            "postgres",
            "failed to find database host nothing.invalid:5432",
        ),
        (
            &address,
            user,
            password,
            "nothing",
            "database \"nothing\" does not exist; set database-name",
        ),
    ];
    for (host, user, password, database, part) in cases {
        instance.admin(host, user, password, database);
        let text = sentence(instance.provision(&api).await);
        assert!(text.contains(part), "{text}");
    }
    if server.log().is_some() {
        instance.admin(&address, "anybody", "x", "tls_only");
        let text = sentence(instance.provision(&api).await);
        assert!(text.contains("it admits anybody over TLS only"), "{text}");
    }
}

#[tokio::test]
async fn deprovisioning_removes_everything_again_and_again() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    instance.deprovision().await.expect("nothing there");
    instance.provision(&api).await.expect("provision");
    let keys = api.keys(SECRET);
    instance.use_database(&server, &keys).await;
    let app = server
        .connect(&instance.name, &keys["database-password"], &instance.name)
        .await
        .expect("app");
    write_keys(&instance.task.instance_folder, &keys);
    instance.deprovision().await.expect("first");
    assert_eq!(instance.exists(&server).await, (false, false));
    assert!(
        app.simple_query("SELECT 1").await.is_err(),
        "its sessions are ended"
    );
    instance.deprovision().await.expect("second");
}

#[tokio::test]
async fn deprovisioning_refuses_what_is_not_its_own() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    write_keys(
        &instance.task.instance_folder,
        &[("database-name".to_owned(), "postgres".to_owned())].into(),
    );
    let text = sentence(instance.deprovision().await);
    assert!(text.contains("the Secret names database \"postgres\""), "{text}");

    std::fs::remove_dir_all(&instance.task.instance_folder).expect("folder");
    let foreign = format!("CREATE DATABASE \"{}\"", instance.name);
    server
        .admin("postgres")
        .await
        .batch_execute(&foreign)
        .await
        .expect("database");
    let text = sentence(instance.deprovision().await);
    assert!(text.contains("it belongs to role"), "{text}");
    let text = sentence(instance.provision(&api).await);
    assert!(text.contains("it belongs to role"), "{text}");
    assert_eq!(instance.exists(&server).await, (false, true));
}

#[tokio::test]
async fn postgres_does_not_provide_files() {
    let api = TestApi::start(Script::Create).await;
    let mut task = ephemeral_task();
    task.purpose = Purpose::File;
    let text = sentence(store("postgres").provision(&task, api.client()).await);
    assert!(text.contains("use a plan with purpose database"), "{text}");
}

fn ephemeral_task() -> StoreTask {
    StoreTask {
        namespace: "team".to_owned(),
        environment: "shop".to_owned(),
        purpose: Purpose::Database,
        instance: SECRET.to_owned(),
        uid: "0f8fad5b-d9cb-469f-a165-70867728950e".to_owned(),
        secret_name: SECRET.to_owned(),
        admin_folder: "/nowhere".into(),
        instance_folder: "/nowhere".into(),
    }
}

#[rstest]
#[case(Purpose::Database, &[("database-name", "shop"), ("database-type", "HSQLDB")])]
#[case(Purpose::File, &[("storage-perform-delete", "true")])]
#[tokio::test]
async fn ephemeral_stores_are_a_secret_only(#[case] purpose: Purpose, #[case] expected: &[(&str, &str)]) {
    let api = TestApi::start(Script::Create).await;
    let task = StoreTask {
        purpose,
        ..ephemeral_task()
    };
    store("ephemeral")
        .provision(&task, api.client())
        .await
        .expect("provision");
    let keys: Vec<_> = api.keys(SECRET).into_iter().collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    assert_eq!(keys, expected);
    store("ephemeral").deprovision(&task).await.expect("deprovision");
}
