//! A process's own session with the register: its heartbeats, its reconnections, its end.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, Socket, tls::NoTlsStream};

use super::statements::{END, create_tables, heartbeat};
use super::{Identity, Role};
use crate::{database, log};

const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);
/// A statement or a connection that takes longer counts as a lost connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// A registered process. It stays registered until [`Registration::end`] or the end of the process.
pub struct Registration {
    identity: Identity,
    database: Config,
    corrupted: Arc<AtomicBool>,
    keeper: Mutex<Option<Keeper>>,
}

struct Keeper {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Registers a process on a database and keeps its heartbeat going.
///
/// # Errors
/// The first connection fails. A connection that is lost later is made again without end, as by a runtime's pool.
pub async fn register(database: Config, identity: Identity) -> Result<Registration, tokio_postgres::Error> {
    let corrupted = Arc::new(AtomicBool::new(false));
    let mut session = Session {
        identity: identity.clone(),
        database: database.clone(),
        wake: Arc::new(Notify::new()),
        corrupted: Arc::clone(&corrupted),
        client: None,
    };
    session.client = Some(session.enter().await?);
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(session.keep(stopped));
    Ok(Registration {
        identity,
        database,
        corrupted,
        keeper: Mutex::new(Some(Keeper { stop, task })),
    })
}

impl Registration {
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whether two leaders or two models ever ran on the database at once.
    pub fn is_corrupted(&self) -> bool {
        self.corrupted.load(Ordering::Relaxed)
    }

    /// Whether this registration is one on `database` in `role`.
    pub fn is_for(&self, database: &Config, role: Role) -> bool {
        self.database == *database && self.identity.role == role
    }

    /// Writes the end of the process. Waits for a bounded time only: without a connection the end cannot be written,
    /// and the last heartbeat stands for it.
    pub async fn end(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Keeper { stop, task }) = keeper {
            let _ = stop.send(());
            let _ = timeout(PATIENCE * 2, task).await;
        }
    }
}

/// What the keeper's task owns.
struct Session {
    identity: Identity,
    database: Config,
    /// Rung by a notification: another process has registered and waits for signs of life.
    wake: Arc<Notify>,
    corrupted: Arc<AtomicBool>,
    client: Option<Client>,
}

impl Session {
    async fn keep(mut self, mut stopped: oneshot::Receiver<()>) {
        let mut tick = interval(HEARTBEAT_INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let wake = Arc::clone(&self.wake);
        loop {
            tokio::select! {
                _ = &mut stopped => return self.leave().await,
                _ = tick.tick() => {}
                () = wake.notified() => {}
            }
            self.renew().await;
        }
    }

    /// One heartbeat, on a new connection when the last one was lost.
    async fn renew(&mut self) {
        let had_one = self.client.is_some();
        let attempt = async {
            let Some(client) = self.client.take() else {
                return self.enter().await;
            };
            self.beat(&client).await?;
            Ok::<_, tokio_postgres::Error>(client)
        };
        match (timeout(PATIENCE, attempt).await, had_one) {
            (Ok(Ok(client)), had_one) => {
                self.client = Some(client);
                if !had_one {
                    log::info("Double", "the connection to the database is back");
                }
            }
            (Ok(Err(error)), true) => {
                log::error(
                    "Double",
                    &format!("lost the database: {}", database::explain(&error)),
                );
            }
            (Err(_), true) => log::error("Double", "lost the database: it does not answer"),
            (_, false) => {}
        }
    }

    /// Connects, registers, and makes all others give a sign of life.
    async fn enter(&self) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = self.database.connect(NoTls).await?;
        tokio::spawn(listen(connection, Arc::clone(&self.wake)));
        create_tables(&client).await?;
        client.batch_execute("LISTEN runtime_double").await?;
        self.beat(&client).await?;
        // After the row is there: who answers must find it.
        client.batch_execute("NOTIFY runtime_double").await?;
        Ok(client)
    }

    async fn beat(&self, client: &Client) -> Result<(), tokio_postgres::Error> {
        if let Some(kind) = heartbeat(client, &self.identity).await?
            && !self.corrupted.swap(true, Ordering::Relaxed)
        {
            log::critical(
                "Double",
                &format!("corrupted: {kind} ran on this database at once"),
            );
        }
        Ok(())
    }

    async fn leave(self) {
        if let Some(client) = self.client {
            let _ = timeout(PATIENCE, client.execute(END, &[&self.identity.id])).await;
        }
    }
}

/// Drives a connection until it ends.
async fn listen(mut connection: Connection<Socket, NoTlsStream>, wake: Arc<Notify>) {
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notification(_) = message {
            wake.notify_one();
        }
    }
}
