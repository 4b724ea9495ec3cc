//! A database for one app, with a login of its own, on the test run's PostgreSQL, and what its register says.

use crate::app::LIMIT;
use anyhow::{Context, Result, bail, ensure};
use mendix_model::secret_store::database as keys;
use mendix_runtime_double::{database::connect, register};
use mendix_test_cluster::{Poll, wait_for};
use std::collections::BTreeMap;
use tokio_postgres::{Config, config::Host};

use super::Summary;

/// A database of an app's own.
#[derive(Clone)]
pub struct Database {
    /// The database as the server's administrator reaches it.
    administrator: Config,
    /// Name of the database and of the role that owns it.
    name: String,
    password: String,
    /// `HOST:PORT`, for pods as well.
    server: String,
}

impl Database {
    /// Creates the role and its database; `server` is the address of the server's administrator.
    pub async fn create(server: &str, app: &str) -> Result<Self> {
        let maintenance: Config = server.parse().context("the server's address cannot be read")?;
        // Letters and digits alone, so that neither needs quotes in a statement or escapes in an address.
        let name = format!("plain_{app}_{:08x}", rand::random::<u32>());
        let password = format!("{:032x}", rand::random::<u128>());
        let client = connect(&maintenance).await?;
        let role = format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'");
        client.batch_execute(&role).await?;
        let database = format!("CREATE DATABASE {name} OWNER {name}");
        client.batch_execute(&database).await?;
        let server = host(&maintenance)?;
        let mut administrator = maintenance;
        administrator.dbname(&name);
        Ok(Self {
            administrator,
            name,
            password,
            server,
        })
    }

    /// `HOST:PORT`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The same database as apps reach it by another `HOST:PORT`.
    #[must_use]
    pub fn at(&self, server: &str) -> Self {
        Self {
            server: server.to_owned(),
            ..self.clone()
        }
    }

    /// `postgres://USER:PASSWORD@HOST:PORT/NAME`, with the app's own login.
    pub fn url(&self) -> String {
        let Self {
            name,
            password,
            server,
            ..
        } = self;
        format!("postgresql://{name}:{password}@{server}/{name}")
    }

    /// The same as the documented keys of a Secret.
    pub fn keys(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            (keys::TYPE, "PostgreSQL".to_owned()),
            (keys::HOST, self.server.clone()),
            (keys::NAME, self.name.clone()),
            (keys::USER_NAME, self.name.clone()),
            (keys::PASSWORD, self.password.clone()),
        ])
    }

    /// Everything that ever ran on the database: how many leaders, models and modes at once, and what runs now.
    pub async fn register(&self) -> Result<Summary> {
        Ok(register::summary(&connect(&self.administrator).await?).await?)
    }

    /// Waits until the register satisfies `done`; on timeout its last state is in the error.
    pub async fn until(&self, what: &str, done: impl Fn(&Summary) -> bool) -> Result<Summary> {
        wait_for(what, LIMIT, || async {
            let summary = self.register().await?;
            Ok(if done(&summary) {
                Poll::Ready(summary)
            } else {
                Poll::Pending(format!("{summary:#?}"))
            })
        })
        .await
    }

    /// The one process that ever ran on it led; takes the database away.
    pub async fn end_of_one_leader(&self) -> Result<()> {
        let summary = self.register().await?;
        self.remove().await?;
        ensure!(
            summary.max_leaders == 1 && summary.processes.len() == 1,
            "{summary:#?}"
        );
        Ok(())
    }

    /// Removes database and role, whoever is still connected.
    pub async fn remove(&self) -> Result<()> {
        let mut maintenance = self.administrator.clone();
        maintenance.dbname("postgres");
        let client = connect(&maintenance).await?;
        let name = &self.name;
        client
            .batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
            .await?;
        Ok(client.batch_execute(&format!("DROP ROLE {name}")).await?)
    }
}

fn host(config: &Config) -> Result<String> {
    let port = config.get_ports().first().copied().unwrap_or(5432);
    match config.get_hosts() {
        [Host::Tcp(host), ..] => Ok(format!("{host}:{port}")),
        _ => bail!("the server's address names no host"),
    }
}
