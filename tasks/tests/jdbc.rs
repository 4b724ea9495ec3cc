//! Databases that are there already, on a real PostgreSQL, with a scripted Kubernetes API.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use mendix_model::crd::storage::Purpose;
use mendix_tasks::provision::ProvisionError;
use std::collections::BTreeMap;
use support::api::{Script, TestApi};
use support::instance::{Instance, SECRET, sentence, store, write_keys};
use support::postgres::{TestPostgres, start};

type Keys = BTreeMap<String, String>;

fn keys(entries: &[(&str, &str)]) -> Keys {
    entries
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// Runs with a plan's admin Secret of these keys, and no others.
async fn provision(
    words: &str,
    instance: &Instance,
    api: &TestApi,
    keys: &Keys,
) -> Result<(), ProvisionError> {
    std::fs::remove_dir_all(&instance.task.admin_folder).expect("folder");
    write_keys(&instance.task.admin_folder, keys);
    store(words).provision(&instance.task, api.client()).await
}

/// A role and its database, as somebody made them by hand.
async fn made_by_hand(server: &TestPostgres, instance: &Instance) -> Keys {
    let name = &instance.name;
    let admin = server.admin("postgres").await;
    let role = format!("CREATE ROLE \"{name}\" LOGIN PASSWORD 'by hand'");
    admin.batch_execute(&role).await.expect("role");
    let database = format!("CREATE DATABASE \"{name}\" OWNER \"{name}\"");
    admin.batch_execute(&database).await.expect("database");
    let url = format!("jdbc:postgresql://{}/{name}?sslmode=prefer", server.address());
    keys(&[
        ("database-jdbc-url", &url),
        ("database-username", name),
        ("database-password", "by hand"),
    ])
}

#[tokio::test]
async fn the_app_gets_the_database_that_was_named_and_it_stays() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    let named = made_by_hand(&server, &instance).await;
    provision("jdbc", &instance, &api, &named)
        .await
        .expect("provision");
    let mut expected = named.clone();
    expected.insert("database-type".to_owned(), "PostgreSQL".to_owned());
    assert_eq!(api.keys(SECRET), expected);

    store("jdbc")
        .deprovision(&instance.task)
        .await
        .expect("deprovision");
    assert_eq!(instance.exists(&server).await, (true, true));
}

#[tokio::test]
async fn host_and_name_are_as_good_as_an_address() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    let mut named = made_by_hand(&server, &instance).await;
    named.remove("database-jdbc-url");
    named.extend(keys(&[
        ("database-type", "PostgreSQL"),
        ("database-host", &server.address()),
        ("database-name", &instance.name),
    ]));
    provision("jdbc", &instance, &api, &named)
        .await
        .expect("provision");
    assert_eq!(api.keys(SECRET), named);
}

#[tokio::test]
async fn the_next_server_is_tried_when_one_is_down() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    let mut named = made_by_hand(&server, &instance).await;
    let address = server.address();
    // Nothing listens at port 1, on whichever machine the server is.
    let (host, _) = address.rsplit_once(':').expect("a port");
    let url = format!("jdbc:postgresql://{host}:1,{address}/{}", instance.name);
    named.insert("database-jdbc-url".to_owned(), url);
    provision("jdbc", &instance, &api, &named)
        .await
        .expect("provision");
}

#[tokio::test]
async fn what_is_wrong_with_a_database_is_explained() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    let named = made_by_hand(&server, &instance).await;
    let (address, name) = (server.address(), instance.name.clone());
    let url = |host: &str, database: &str| format!("jdbc:postgresql://{host}/{database}");
    let cases = [
        (
            "database-password",
            "mistyped".to_owned(),
            "it refused the password of",
        ),
        (
            "database-jdbc-url",
            url("127.0.0.1:1", &name),
            "failed to reach the database server 127.0.0.1:1: Connection refused",
        ),
        (
            "database-jdbc-url",
            url("nothing.invalid", &name),
            "failed to find database host nothing.invalid:5432",
        ),
        (
            "database-jdbc-url",
            format!("{}?sslmode=require", url(&address, &name)),
            "does not speak TLS, which the address asks for",
        ),
        (
            "database-jdbc-url",
            format!("{{\"url\": \"{}\"}}", url(&address, &name)),
            "the address of the database has no known form",
        ),
        (
            "database-type",
            "Access".to_owned(),
            "set database-type to PostgreSQL",
        ),
    ];
    for (key, value, part) in cases {
        let mut wrong = named.clone();
        wrong.insert(key.to_owned(), value);
        let text = sentence(provision("jdbc", &instance, &api, &wrong).await);
        assert!(text.contains(part), "{text}");
        assert!(!text.contains("by hand") && !text.contains("mistyped"), "{text}");
    }
    assert_eq!(api.requests(), 0, "no Secret for what does not work");
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_told_from_one_over_tls_only() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    let admin = (server.admin.0.as_str(), server.admin.1.as_str());
    let mut cases = vec![(
        "nothing",
        admin,
        "create the database, or correct key database-jdbc-url",
    )];
    if server.log().is_some() {
        cases.push(("tls_only", ("anybody", "x"), "it admits anybody over TLS only"));
    }
    for (database, (user, password), part) in cases {
        let url = format!("jdbc:postgresql://{}/{database}", server.address());
        let named = keys(&[
            ("database-jdbc-url", &url),
            ("database-username", user),
            ("database-password", password),
        ]);
        let text = sentence(provision("jdbc", &instance, &api, &named).await);
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn told_not_to_it_does_not_connect() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    let named = keys(&[
        (
            "database-jdbc-url",
            "jdbc:postgresql://nothing.invalid/shop?sslmode=require",
        ),
        ("database-username", "shop"),
        ("database-password", "by hand"),
    ]);
    provision("jdbc --no-connect", &instance, &api, &named)
        .await
        .expect("provision");
    assert_eq!(api.keys(SECRET)["database-password"], "by hand");
    store("jdbc --no-connect")
        .deprovision(&instance.task)
        .await
        .expect("deprovision");
}

#[tokio::test]
async fn the_server_of_another_product_is_only_reached() {
    let Some(server) = start().await else { return };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("listener");
    let port = listener.local_addr().expect("address").port();
    let named = |port: u16| {
        let url = format!("jdbc:sqlserver://127.0.0.1:{port};databaseName=shop;user=sa;password=s3cret");
        keys(&[("database-jdbc-url", &url)])
    };
    let text = sentence(provision("jdbc", &instance, &api, &named(1)).await);
    assert!(
        text.contains("failed to reach the database server 127.0.0.1:1") && !text.contains("s3cret"),
        "{text}"
    );
    provision("jdbc", &instance, &api, &named(port))
        .await
        .expect("provision");
    assert_eq!(api.keys(SECRET)["database-type"], "SQLSERVER");
}

#[tokio::test]
async fn jdbc_does_not_provide_files() {
    let Some(server) = start().await else { return };
    let (mut instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    instance.task.purpose = Purpose::File;
    let text = sentence(store("jdbc").provision(&instance.task, api.client()).await);
    assert!(text.contains("use a plan with purpose database"), "{text}");
}
