//! Others on the database, who hold no row: they are not kept from it, and they are told of.

use super::{Database, LEADER, running};
use crate::guard::{Guard, eventually};
use crate::postgres;
use crate::runtime::Runtime;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpSocket, lookup_host};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls};

/// The guard comes from 127.0.0.1; these are of two other machines.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const OF_A_PERSON: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// A session of the app's role from this address.
async fn session(database: &Database<'_>, from: Ipv4Addr, program: &str) -> Client {
    let server: SocketAddr = lookup_host(database.server.address())
        .await
        .unwrap()
        .find(SocketAddr::is_ipv4)
        .unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(IpAddr::V4(from), 0)).unwrap();
    let stream = socket.connect(server).await.unwrap();
    let (user, password) = &database.server.admin;
    let mut config = Config::new();
    config
        .user(user)
        .password(password)
        .dbname(&database.name)
        .application_name(program);
    let (client, connection) = config.connect_raw(stream, NoTls).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    client
}

/// Does something every second, as a model does.
fn busy(client: Client, statement: &'static str) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            client.batch_execute(statement).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    })
}

async fn until_told(guard: &Guard, expected: Value) {
    eventually(&expected.to_string(), || async {
        let status = guard.status().await;
        (status["lease"]["foreign"] == expected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn sessions_from_elsewhere_are_told_while_they_last() {
    let Some(server) = postgres::start().await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let person = busy(session(&database, OF_A_PERSON, "psql").await, "SELECT 1");
    let app = busy(session(&database, ELSEWHERE, "").await, "SELECT 1");
    let guard = database.guard(&LEADER, &runtime);
    let child = running(&guard).await;
    until_told(&guard, json!({"addresses": ["127.0.0.2"], "runtimes": 0})).await;
    assert!(crate::guard::runs(child));
    app.abort();
    until_told(&guard, Value::Null).await;
    assert!(!person.is_finished());
}

/// One of them is the guard's own.
#[tokio::test]
async fn heartbeats_of_more_runtimes_than_rows_are_told() {
    const BEAT: &str = "UPDATE \"system$xasinstance\" SET lastupdate = now() WHERE xasid <> 'dead'";
    let Some(server) = postgres::start().await else {
        return;
    };
    let (database, runtime) = (Database::new(&server).await, Runtime::start().await);
    let client = database.client().await;
    let made = "CREATE TABLE \"system$xasinstance\" (xasid text, lastupdate timestamp); \
                INSERT INTO \"system$xasinstance\" VALUES ('dead', now()), ('own', now()), ('other', now())";
    client.batch_execute(made).await.unwrap();
    let beats = busy(client, BEAT);
    let guard = database.guard(&LEADER, &runtime);
    running(&guard).await;
    until_told(&guard, json!({"addresses": [], "runtimes": 1})).await;
    assert!(!beats.is_finished());
}
