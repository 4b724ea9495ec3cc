//! The app's schema version in its database, and the DDL commands that move it.

use std::time::Duration;

use thiserror::Error;
use tokio_postgres::Client;

use crate::database;
use crate::register::{Identity, create_tables};

/// Why `execute_ddl_commands` failed; the schema is as it was before.
#[derive(Debug, Error)]
pub enum Error {
    #[error("failed to execute a DDL command: the model's option failDdl says so")]
    Option,
    #[error("failed to execute a DDL command: {}", database::explain(.0))]
    Database(#[from] tokio_postgres::Error),
}

/// How the schema is to be moved.
pub struct Move<'a> {
    pub to: &'a str,
    pub by: &'a Identity,
    pub fails: bool,
    pub delay: Duration,
}

/// The schema version of the database; none when it is empty.
///
/// # Errors
/// The connection is lost.
pub async fn version(client: &Client) -> Result<Option<String>, tokio_postgres::Error> {
    create_tables(client).await?;
    let row = client
        .query_opt("SELECT version FROM runtime_double.schema_version", &[])
        .await?;
    row.map(|row| row.try_get("version")).transpose()
}

/// The commands that would move the schema; none when it is in step.
pub fn commands(from: Option<&str>, to: &str) -> Vec<String> {
    if from == Some(to) {
        return Vec::new();
    }
    let quoted = to.replace('\'', "''");
    vec![
        format!(
            "DELETE FROM runtime_double.schema_version; -- from {}",
            from.unwrap_or("an empty database")
        ),
        format!("INSERT INTO runtime_double.schema_version (version) VALUES ('{quoted}');"),
    ]
}

/// Moves the schema in one transaction and notes who did it.
///
/// # Errors
/// The option `failDdl`, or the database.
pub async fn execute(client: &mut Client, change: &Move<'_>) -> Result<(), Error> {
    let from = version(client).await?;
    let transaction = client.transaction().await?;
    tokio::time::sleep(change.delay).await;
    if change.fails {
        return Err(Error::Option);
    }
    let Identity { id, role, model, .. } = change.by;
    transaction.execute(SET_VERSION, &[&change.to, model]).await?;
    transaction
        .execute(NOTE_CHANGE, &[id, &role.as_str(), &from, &change.to])
        .await?;
    Ok(transaction.commit().await?)
}

const SET_VERSION: &str = "
INSERT INTO runtime_double.schema_version (version, model, changed_at) VALUES ($1, $2, clock_timestamp())
ON CONFLICT (single) DO UPDATE SET
    version = excluded.version, model = excluded.model, changed_at = excluded.changed_at";

const NOTE_CHANGE: &str = "
INSERT INTO runtime_double.schema_change (process, role, from_version, to_version) VALUES ($1, $2, $3, $4)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_commands_only_when_the_version_differs() {
        assert!(commands(Some("1"), "1").is_empty());
        assert_eq!(commands(Some("1"), "2").len(), 2);
        assert_eq!(commands(None, "o'clock").len(), 2);
        assert!(commands(None, "o'clock")[1].contains("o''clock"));
    }
}
