//! TLS to databases: a real PostgreSQL with certificates, and a scripted Kubernetes API.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    reason = "a broken expectation is a failed test"
)]

mod support;

use support::api::{Script, TestApi};
use support::certificates::{Authority, Pair};
use support::first_version;
use support::instance::{Instance, SECRET, sentence, store, write_keys};
use support::postgres::{TestPostgres, alone};
use support::trust::run_with_trust;

/// A server of one's own, whose members of role `over_tls` get in over TLS only.
async fn certified(pair: &Pair) -> Option<TestPostgres> {
    let mut server = alone().await?;
    let admin = server.admin("postgres").await;
    let role = "CREATE ROLE over_tls; CREATE ROLE shop LOGIN PASSWORD 'by hand' IN ROLE over_tls; CREATE DATABASE shop; \
        CREATE ROLE maker LOGIN PASSWORD 'of the admin' CREATEDB CREATEROLE IN ROLE over_tls";
    for statement in role.split("; ") {
        admin.batch_execute(statement).await.expect("made");
    }
    recertify(&mut server, pair).await;
    Some(server)
}

async fn recertify(server: &mut TestPostgres, pair: &Pair) {
    server.stop();
    server.certify(&pair.certificate, &pair.key);
    server.start_again().await;
}

/// What comes of a plan that names database `shop` by this host and mode. Each has an API of its own, or the Secret of
/// the one before would be there already.
async fn provision(server: &TestPostgres, user: &str, host: &str, mode: &str) -> Result<(), String> {
    let (instance, api) = (Instance::new(server), TestApi::start(Script::Create).await);
    let url = format!("jdbc:postgresql://{host}:{}/shop{mode}", server.port);
    let keys = [
        ("database-jdbc-url", url),
        ("database-username", user.to_owned()),
        ("database-password", "by hand".to_owned()),
    ];
    let folder = &instance.task.admin_folder;
    std::fs::remove_dir_all(folder).expect("folder");
    write_keys(folder, &keys.map(|(key, value)| (key.to_owned(), value)).into());
    match store("jdbc").provision(&instance.task, api.client()).await {
        Ok(()) => Ok(()),
        refused => Err(sentence(refused)),
    }
}

async fn passes(server: &TestPostgres, host: &str, mode: &str) {
    assert_eq!(
        provision(server, "shop", host, mode).await,
        Ok(()),
        "{host} {mode}"
    );
}

async fn is_refused(server: &TestPostgres, host: &str, mode: &str, words: &str) {
    let text = provision(server, "shop", host, mode).await.expect_err(mode);
    assert!(text.contains(words) && !text.contains("by hand"), "{text}");
}

#[tokio::test]
async fn certificates_are_checked_as_far_as_the_address_asks_for_it() {
    let Some(trusted) = run_with_trust("certificates_are_checked_as_far_as_the_address_asks_for_it") else {
        return;
    };
    let authority = Authority::new();
    let Some(mut server) = certified(&authority.sign("localhost")).await else {
        return;
    };
    for mode in ["", "?sslmode=prefer", "?sslmode=require"] {
        passes(&server, "127.0.0.1", mode).await;
    }
    let only = "it admits shop over TLS only";
    is_refused(&server, "localhost", "?sslmode=disable", only).await;
    for mode in ["?sslmode=verify-ca", "?sslmode=verify-full", "?ssl=true"] {
        let unknown =
            "shows a certificate that no trusted authority has signed; add the certificate of its authority";
        is_refused(&server, "localhost", mode, unknown).await;
    }

    // As the Secret of trust.customCASecretName is mounted.
    std::fs::write(trusted.join("00000000.0"), authority.certificate()).expect("written");
    passes(&server, "localhost", "?sslmode=verify-full").await;
    passes(&server, "127.0.0.1", "?sslmode=verify-ca").await;
    let words = [
        "shows a certificate that is not for this host but for localhost; correct the host in the address",
        "of key database-jdbc-url of the plan's admin Secret",
        "or add --no-connect to the args",
    ];
    for words in words {
        is_refused(&server, "127.0.0.1", "?sslmode=verify-full", words).await;
    }

    recertify(&mut server, &authority.sign_expired("localhost")).await;
    let expired = "shows a certificate that expired at 2020-01-01T00:00:00Z; renew the certificate";
    is_refused(&server, "localhost", "?sslmode=verify-full", expired).await;
    is_refused(&server, "localhost", "?sslmode=verify-ca", expired).await;
    passes(&server, "localhost", "?sslmode=require").await;

    recertify(&mut server, &authority.own()).await;
    let own =
        "shows a certificate that is an authority's own (CA:TRUE); give the server one that this authority";
    is_refused(&server, "localhost", "?sslmode=verify-ca", own).await;
}

#[tokio::test]
async fn a_certificate_of_the_first_version_is_taken_where_it_is_not_looked_at() {
    let Some(server) = certified(&first_version::certificate()).await else {
        return;
    };
    for mode in ["", "?sslmode=require"] {
        passes(&server, "localhost", mode).await;
    }
    let version = "shows a certificate that is of X.509 version 1; make it again as version 3";
    is_refused(&server, "localhost", "?sslmode=verify-ca", version).await;
    is_refused(&server, "localhost", "?sslmode=verify-full", version).await;
}

/// As drivers go on without, where TLS is only preferred.
#[tokio::test]
async fn a_server_whose_tls_is_too_old_is_spoken_to_without_unless_tls_is_asked_for() {
    let Some(mut server) = certified(&Authority::new().sign("localhost")).await else {
        return;
    };
    server.stop();
    server.set("ssl = on\nssl_min_protocol_version = 'TLSv1'\nssl_max_protocol_version = 'TLSv1.1'\n");
    server.start_again().await;
    let admin = server.admin("postgres").await;
    let role = "CREATE ROLE stranger LOGIN PASSWORD 'by hand'";
    admin.batch_execute(role).await.expect("role");
    let done = provision(&server, "stranger", "localhost", "?sslmode=prefer").await;
    assert_eq!(done, Ok(()));
    let old = "breaks off TLS (";
    is_refused(&server, "localhost", "?sslmode=require", old).await;
    // What the server says without TLS would hide what is wrong.
    is_refused(&server, "localhost", "?sslmode=prefer", old).await;
}

#[tokio::test]
async fn a_database_is_made_on_a_server_that_wants_tls() {
    let Some(server) = certified(&Authority::new().sign("db.example")).await else {
        return;
    };
    let refused = server.connect("maker", "of the admin", "postgres").await;
    assert!(
        refused.is_err(),
        "this test is of no use where it gets in without TLS"
    );
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    instance.admin(&server.address(), "maker", "of the admin", "postgres");
    instance.provision(&api).await.expect("provision");
    let url = &api.keys(SECRET)["database-jdbc-url"];
    let expected = format!("jdbc:postgresql://{}/{}", server.address(), instance.name);
    assert_eq!(
        url, &expected,
        "TLS is left to the driver, which takes it where it is offered"
    );
    instance.deprovision().await.expect("deprovision");
    assert_eq!(instance.exists(&server).await, (false, false));
}

#[tokio::test]
async fn strict_tls_checks_the_certificate_and_lets_the_app_do_so() {
    let Some(trusted) = run_with_trust("strict_tls_checks_the_certificate_and_lets_the_app_do_so") else {
        return;
    };
    let authority = Authority::new();
    let Some(server) = certified(&authority.sign("localhost")).await else {
        return;
    };
    let (instance, api) = (Instance::new(&server), TestApi::start(Script::Create).await);
    let at = |host: &str| {
        let address = format!("{host}:{}", server.port);
        instance.admin(&address, "maker", "of the admin", "postgres");
    };
    at("localhost");
    let text = sentence(instance.provision_by("postgres --strict-tls", &api).await);
    assert!(text.contains("no trusted authority has signed"), "{text}");
    assert_eq!(instance.exists(&server).await, (false, false));
    std::fs::write(trusted.join("00000000.0"), authority.certificate()).expect("written");
    at("127.0.0.1");
    let text = sentence(instance.provision_by("postgres --strict-tls", &api).await);
    assert!(text.contains("is not for this host but for localhost"), "{text}");
    at("localhost");
    instance
        .provision_by("postgres --strict-tls", &api)
        .await
        .expect("provision");
    let url = &api.keys(SECRET)["database-jdbc-url"];
    assert!(
        url.ends_with("?sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory"),
        "{url}"
    );
}
