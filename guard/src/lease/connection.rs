//! Reads and writes rows. Decides nothing.

use super::failure::{Failure, failure, login_failure};
use super::login::Login;
use super::statements::{CREATE_SCHEMA, CREATE_TABLES, END, HAS_SCHEMA, LOOK, RENEW, take, take_first};
use mendix_model::crd::claim::Owner;
use mendix_model::crd::common::LeaderSelection;
use mendix_model::lease::{FORMAT, Process, Record, Row, Rows, Take};
use mendix_model::names::Role;
use mendix_postgres_tls::Connector;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row as Fields};

/// Connecting, and each statement, may take so long: three tries fit into the time after which a lease is lost.
const LIMIT: Duration = Duration::from_secs(4);

/// A connection to one server of the database.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) server: String,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A text that nobody else has.
pub(crate) fn random() -> String {
    format!("{:032x}", rand::random::<u128>())
}

impl Connection {
    async fn open(login: &Login, connector: &Connector) -> Result<Self, Failure> {
        let server = login.server();
        let config = login.config(LIMIT);
        let opened = timeout(LIMIT, connector.connect(&config)).await;
        let opened = opened.map_err(|_| late(&server))?;
        let (client, connection) = opened.map_err(|error| login_failure(&error, &server))?;
        // Its errors also reach whoever waits for an answer.
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Self {
            client,
            server,
            driver,
        })
    }

    pub(super) async fn look(&self) -> Result<Rows, Failure> {
        let all = within(&self.server, self.client.query_typed(LOOK, &[])).await?;
        let standby = all.first().is_some_and(|row| row.get(0));
        if standby {
            return Err(Failure::Standby(self.server.clone()));
        }
        rows(&all).map_err(|error| failure(&error, &self.server))
    }

    /// Makes schema and tables.
    pub(super) async fn create(&self) -> Result<(), Failure> {
        if !self.has_schema().await? {
            within(&self.server, self.client.batch_execute(CREATE_SCHEMA)).await?;
        }
        within(&self.server, self.client.batch_execute(CREATE_TABLES)).await
    }

    pub(super) async fn has_schema(&self) -> Result<bool, Failure> {
        let there = within(&self.server, self.client.query_typed(HAS_SCHEMA, &[])).await?;
        Ok(there.first().is_some_and(|row| row.get(0)))
    }

    /// Whether it took.
    pub(super) async fn take(&self, process: &Process, on: &Take) -> Result<bool, Failure> {
        let instances: Vec<&str> = on.dead.iter().map(|dead| dead.instance.as_str()).collect();
        let marks: Vec<&str> = on.dead.iter().map(|dead| dead.mark.as_str()).collect();
        let (role, mode) = (process.role.as_str(), process.mode.as_str());
        let (mark, version, id) = (random(), random(), random());
        let owner = &process.owner;
        let mut parameters: Vec<(&(dyn ToSql + Sync), Type)> =
            vec![(&instances, Type::TEXT_ARRAY), (&marks, Type::TEXT_ARRAY)];
        let texts = [
            &process.instance,
            &process.pod,
            role,
            &process.model,
            &mark,
            &owner.cluster,
            &owner.namespace,
            &owner.environment,
            mode,
            &version,
        ];
        parameters.extend(texts.iter().map(|text| (text as &(dyn ToSql + Sync), Type::TEXT)));
        parameters.push((&process.adopt, Type::TEXT));
        let statement = if let Some(seen) = &on.version {
            parameters.push((seen, Type::TEXT));
            take()
        } else {
            parameters.extend([(&FORMAT as &(dyn ToSql + Sync), Type::INT4), (&id, Type::TEXT)]);
            take_first()
        };
        let taken = within(&self.server, self.client.query_typed(&statement, &parameters)).await?;
        Ok(!taken.is_empty())
    }

    /// Whether there was a row to renew.
    pub(super) async fn renew(&self, instance: &str) -> Result<bool, Failure> {
        let mark = random();
        let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&instance, Type::TEXT), (&mark, Type::TEXT)];
        let changed = within(&self.server, self.client.execute_typed(RENEW, &parameters)).await?;
        Ok(changed > 0)
    }

    /// Says that the process has ended.
    pub(super) async fn end(&self, instance: &str) -> Result<(), Failure> {
        let parameters: [(&(dyn ToSql + Sync), Type); 1] = [(&instance, Type::TEXT)];
        within(&self.server, self.client.execute_typed(END, &parameters)).await?;
        Ok(())
    }
}

pub(super) async fn within<T>(
    server: &str,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Failure> {
    match timeout(LIMIT, answer).await {
        Ok(answer) => answer.map_err(|error| failure(&error, server)),
        Err(_) => Err(late(server)),
    }
}

fn late(server: &str) -> Failure {
    Failure::Late {
        server: server.to_owned(),
        seconds: LIMIT.as_secs(),
    }
}

/// The one connection there is at a time, made anew after every failure: what a broken one may yet bring is of no use.
pub(super) struct Connections<'a> {
    logins: &'a [Login],
    connector: &'a Connector,
    next: usize,
    open: Option<Connection>,
}

impl<'a> Connections<'a> {
    pub(super) const fn new(logins: &'a [Login], connector: &'a Connector) -> Self {
        Self {
            logins,
            connector,
            next: 0,
            open: None,
        }
    }

    /// Asks the server over the connection there is, or a new one.
    pub(super) async fn ask<T>(
        &mut self,
        question: impl AsyncFnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let connection = self.taken().await?;
        let answer = question(&connection).await;
        self.kept(connection, answer)
    }

    /// Taken out: a statement that is given up half-way leaves no connection behind that waits for its answer.
    async fn taken(&mut self) -> Result<Connection, Failure> {
        if let Some(open) = self.open.take() {
            return Ok(open);
        }
        let login = &self.logins[self.next % self.logins.len()];
        let opened = Connection::open(login, self.connector).await;
        if opened.is_err() {
            self.next += 1;
        }
        opened
    }

    fn kept<T>(&mut self, connection: Connection, result: Result<T, Failure>) -> Result<T, Failure> {
        match &result {
            Ok(_) => self.open = Some(connection),
            // The next server may be the one that writes.
            Err(_) => self.next += 1,
        }
        result
    }
}

/// A word that is not known is of a later form, which the record's number says.
fn mode(word: &str) -> LeaderSelection {
    let all = [LeaderSelection::None, LeaderSelection::Leaderless];
    let known = all.into_iter().find(|mode| mode.as_str() == word);
    known.unwrap_or(LeaderSelection::Assigned)
}

fn rows(all: &[Fields]) -> Result<Rows, tokio_postgres::Error> {
    let record = all.first().map(record).transpose()?.flatten();
    let processes = all.iter().map(process).filter_map(Result::transpose);
    Ok(Rows {
        record,
        processes: processes.collect::<Result<_, _>>()?,
    })
}

fn record(row: &Fields) -> Result<Option<Record>, tokio_postgres::Error> {
    let Some(format) = row.try_get(1)? else {
        return Ok(None);
    };
    Ok(Some(Record {
        format,
        owner: Owner {
            cluster: row.try_get(2)?,
            namespace: row.try_get(3)?,
            environment: row.try_get(4)?,
        },
        model: row.try_get(5)?,
        mode: mode(row.try_get(6)?),
        version: row.try_get(7)?,
        adopted: row.try_get(8)?,
    }))
}

fn process(row: &Fields) -> Result<Option<Row>, tokio_postgres::Error> {
    let Some(instance) = row.try_get(9)? else {
        return Ok(None);
    };
    let role: &str = row.try_get(11)?;
    Ok(Some(Row {
        instance,
        pod: row.try_get(10)?,
        // Whatever it is, it is treated as what hinders more.
        role: if role == Role::Worker.as_str() {
            Role::Worker
        } else {
            Role::Leader
        },
        model: row.try_get(12)?,
        mark: row.try_get(13)?,
        ended: row.try_get(14)?,
    }))
}
