//! Reads from and writes to a server. Decides nothing.

use super::super::PostgresError;
use super::admin::Admin;
use super::explain::{Server, explain};
use super::names::Names;
use super::plan::{Facts, Rights, Statement};
use crate::network;
use mendix_postgres_tls::{Connector, Tls};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config};

/// An administrator's session.
pub(super) struct Session {
    client: Client,
    server: Server,
    connection: JoinHandle<()>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// Nothing here takes long; a lock that somebody holds must not keep the pod for ever.
const LIMITS: &str = "SET lock_timeout = '30s'; SET statement_timeout = '120s'";

const LOOK: &str = "SELECT current_setting('server_version_num')::int4, current_user::text, rolsuper, rolcreaterole, \
    rolcreatedb, EXISTS (SELECT FROM pg_roles WHERE rolname = $1), \
    (SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = $2) \
    FROM pg_roles WHERE rolname = current_user";

impl Session {
    /// Logs in.
    pub(super) async fn open(admin: &Admin) -> Result<Self, PostgresError> {
        let server = Server {
            address: admin.address(),
            user: admin.user.clone(),
        };
        let connector = connector(admin.tls)?;
        let opened = connector.connect(&config(admin)).await;
        let (client, connection) = opened.map_err(|error| explain(&error, &server, "log in"))?;
        // Its errors also reach whoever waits for an answer.
        let connection = tokio::spawn(async move { drop(connection.await) });
        let session = Self {
            client,
            server,
            connection,
        };
        session.execute(LIMITS, "set time limits").await?;
        Ok(session)
    }

    /// Looks what is there.
    pub(super) async fn look(&self, names: &Names) -> Result<Facts, PostgresError> {
        let row = self.client.query_one(LOOK, &[&names.role, &names.database]).await;
        row.and_then(|row| {
            Ok(Facts {
                version: row.try_get(0)?,
                user: row.try_get(1)?,
                rights: Rights {
                    superuser: row.try_get(2)?,
                    create_roles: row.try_get(3)?,
                    create_databases: row.try_get(4)?,
                },
                role_exists: row.try_get(5)?,
                database_owner: row.try_get(6)?,
            })
        })
        .map_err(|error| explain(&error, &self.server, "look at roles and databases"))
    }

    /// Runs one statement.
    pub(super) async fn run(&self, statement: &Statement) -> Result<(), PostgresError> {
        self.execute(&statement.sql, &statement.step).await?;
        tracing::info!(step = statement.step, "done");
        Ok(())
    }

    /// Runs statements until one fails.
    pub(super) async fn run_all(&self, statements: &[Statement]) -> Result<(), PostgresError> {
        for statement in statements {
            self.run(statement).await?;
        }
        Ok(())
    }

    async fn execute(&self, sql: &str, step: &str) -> Result<(), PostgresError> {
        // The simple protocol: statements about databases cannot be prepared.
        self.client
            .batch_execute(sql)
            .await
            .map_err(|error| explain(&error, &self.server, step))
    }
}

fn connector(tls: Tls) -> Result<Connector, PostgresError> {
    let authorities = if tls.is_checked() {
        network::authorities()
    } else {
        Vec::new()
    };
    Ok(Connector::new(tls, authorities)?)
}

fn config(admin: &Admin) -> Config {
    let mut config = Config::new();
    config
        .host(&admin.host)
        .port(admin.port)
        .user(&admin.user)
        .password(&admin.password)
        .dbname(&admin.database)
        .application_name("kubectl-mendix provisioner")
        .connect_timeout(Duration::from_secs(10))
        .keepalives_idle(Duration::from_secs(10));
    config
}
