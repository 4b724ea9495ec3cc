//! TLS to the database, as the address asks for it.

use super::{Database, LEADER, OTHER, running};
use crate::certificates::{Authority, Pair};
use crate::guard::{Guard, Setup};
use crate::postgres::{self, TestPostgres};
use crate::runtime::Runtime;
use rustix::process::Signal;

/// A server of one's own with this certificate.
async fn certified(pair: &Pair) -> Option<TestPostgres> {
    let mut server = postgres::alone().await?;
    server.stop();
    server.certify(&pair.certificate, &pair.key);
    server.start_again().await;
    Some(server)
}

impl Database<'_> {
    /// From now on the address is this host and mode.
    fn reached_by(&mut self, host: &str, mode: &str) {
        let (port, name) = (self.server.port, &self.name);
        let url = format!("jdbc:postgresql://{host}:{port}/{name}?sslmode={mode}");
        self.keys.insert("database-jdbc-url", url);
    }

    /// Whether all sessions of guards are encrypted; nothing where there are none.
    async fn encrypted(&self) -> Option<bool> {
        let guards = "SELECT bool_and(ssl.ssl) FROM pg_stat_activity JOIN pg_stat_ssl AS ssl USING (pid) \
            WHERE datname = current_database() AND application_name = 'kubectl-mendix guard'";
        let row = self.client().await.query_one(guards, &[]).await.unwrap();
        row.get(0)
    }
}

async fn end(mut guard: Guard) {
    guard.signal(Signal::TERM);
    assert_eq!(guard.end().await.0, 0);
}

/// Why no rows are kept, once the child runs.
async fn absence(setup: Setup) -> String {
    let guard = setup.start();
    let status = guard.state_is("running").await;
    assert_eq!(status["lease"]["state"], "absent");
    status["lease"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_server_that_speaks_tls_is_spoken_to_so() {
    let Some(server) = certified(&Authority::new().sign("db.example")).await else {
        return;
    };
    let (mut database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let preferring = database.guard(&LEADER, &runtime);
    running(&preferring).await;
    assert_eq!(database.encrypted().await, Some(true));
    end(preferring).await;
    for (mode, encrypted) in [("require", true), ("disable", false)] {
        database.reached_by("127.0.0.1", mode);
        let guard = database.guard(&OTHER, &runtime);
        running(&guard).await;
        assert_eq!(database.encrypted().await, Some(encrypted), "{mode}");
        end(guard).await;
    }
}

#[tokio::test]
async fn a_certificate_that_is_asked_for_and_trusted_lets_rows_be_kept() {
    let authority = Authority::new();
    let Some(server) = certified(&authority.sign("localhost")).await else {
        return;
    };
    let (mut database, runtime) = (Database::new(&server).await, Runtime::start().await);
    for (host, mode) in [("localhost", "verify-full"), ("127.0.0.1", "verify-ca")] {
        database.reached_by(host, mode);
        let setup = database.setup(&LEADER, &runtime);
        let guard = setup.with_authority(&authority.certificate()).start();
        running(&guard).await;
        assert_eq!(database.encrypted().await, Some(true), "{mode}");
        end(guard).await;
    }
}

/// The driver of the app may trust others, and says in its own words when it does not.
#[tokio::test]
async fn a_certificate_that_is_not_accepted_is_told_and_left_to_the_runtime() {
    let authority = Authority::new();
    let Some(server) = certified(&authority.sign("localhost")).await else {
        return;
    };
    let (mut database, runtime) = (Database::new(&server).await, Runtime::start().await);
    database.reached_by("localhost", "verify-full");
    let message = absence(database.setup(&LEADER, &runtime)).await;
    let unknown = "shows a certificate that no trusted authority has signed; add the certificate of its authority to key \
        custom.crt";
    assert!(
        message.contains("cannot log in") && message.contains(unknown),
        "{message}"
    );
    database.reached_by("127.0.0.1", "verify-full");
    let setup = database.setup(&OTHER, &runtime);
    let message = absence(setup.with_authority(&authority.certificate())).await;
    let name = format!(
        "127.0.0.1:{} shows a certificate that is not for this host but for localhost; correct the host",
        server.port
    );
    assert!(message.contains(&name), "{message}");
}

/// What the controller copied is no certificate: the runtime is not started on half of what it is told to trust.
#[tokio::test]
async fn an_authority_that_cannot_be_read_ends_the_container_where_certificates_are_checked() {
    let runtime = Runtime::start().await;
    let Some(server) = postgres::start().await else {
        return;
    };
    let mut database = Database::new(&server).await;
    database.reached_by("localhost", "verify-full");
    let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    let mut guard = database.setup(&LEADER, &runtime).with_authority(broken).start();
    let (code, message) = guard.end().await;
    assert_eq!(code, 1);
    assert!(
        message.contains("authority-0.crt") && message.contains("trust.customCASecretName"),
        "{message}"
    );
    assert_eq!(guard.file("child"), "");
}
