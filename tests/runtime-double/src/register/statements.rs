//! The register's tables and statements.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, Row};

use super::Identity;

/// The tables; also the schema version and the runs of scheduled events lie here, so that one schema holds it all.
pub const CREATE_TABLES: &str = "
CREATE SCHEMA IF NOT EXISTS runtime_double;
CREATE TABLE IF NOT EXISTS runtime_double.process (
    id text PRIMARY KEY,
    host text NOT NULL,
    role text NOT NULL CHECK (role IN ('leader', 'worker', 'peer')),
    model text NOT NULL,
    started_at timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    ended_at timestamptz,
    backend_pid integer,
    backend_start timestamptz,
    longest_silence interval NOT NULL DEFAULT '0'
);
CREATE TABLE IF NOT EXISTS runtime_double.violation (
    kind text NOT NULL CHECK (kind IN ('two-leaders', 'two-models', 'two-modes')),
    first text NOT NULL,
    second text NOT NULL,
    at timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (kind, first, second)
);
CREATE TABLE IF NOT EXISTS runtime_double.schema_version (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    version text NOT NULL,
    model text NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS runtime_double.schema_change (
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    process text NOT NULL,
    role text NOT NULL,
    from_version text,
    to_version text NOT NULL
);
CREATE TABLE IF NOT EXISTS runtime_double.event_run (
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    process text NOT NULL,
    event text NOT NULL
);";

/// Registers the process, or renews its heartbeat, and looks for others whose interval overlaps with its own.
/// One statement, so that no process can register between the renewal and the look.
///
/// `statement_timestamp()` is when the statement arrived; a statement that then waits for a lock does not make its
/// sender look alive for longer than it was. Violations are inserted in one order by everybody, else two processes
/// that accuse each other could deadlock.
pub(super) const HEARTBEAT: &str = "
WITH me AS (
    INSERT INTO runtime_double.process AS known
        (id, host, role, model, started_at, heartbeat_at, backend_pid, backend_start)
    SELECT $1, $2, $3, $4, statement_timestamp(), statement_timestamp(), session.pid, session.backend_start
    FROM pg_stat_activity session WHERE session.pid = pg_backend_pid()
    ON CONFLICT (id) DO UPDATE SET
        longest_silence = greatest(known.longest_silence, statement_timestamp() - known.heartbeat_at),
        heartbeat_at = statement_timestamp(),
        backend_pid = excluded.backend_pid,
        backend_start = excluded.backend_start
    RETURNING id, role, model, started_at, heartbeat_at
), overlapping AS (
    SELECT least(me.id, other.id) AS first, greatest(me.id, other.id) AS second,
        me.role = 'leader' AND other.role = 'leader' AS leaders, me.model <> other.model AS models,
        (me.role = 'peer') <> (other.role = 'peer') AS modes
    FROM me JOIN runtime_double.process other ON other.id <> me.id
    WHERE other.started_at < me.heartbeat_at
        AND me.started_at < coalesce(other.ended_at, other.heartbeat_at)
), found AS (
    INSERT INTO runtime_double.violation (kind, first, second)
    SELECT kind, first, second FROM (
        SELECT 'two-leaders' AS kind, first, second FROM overlapping WHERE leaders
        UNION ALL
        SELECT 'two-models', first, second FROM overlapping WHERE models
        UNION ALL
        SELECT 'two-modes', first, second FROM overlapping WHERE modes
    ) accused
    ORDER BY kind, first, second
    ON CONFLICT DO NOTHING
    RETURNING kind
)
SELECT coalesce(
    (SELECT kind FROM found LIMIT 1),
    (SELECT kind FROM runtime_double.violation LIMIT 1)
) AS corrupted";

/// The process leaves by itself.
pub(super) const END: &str = "
UPDATE runtime_double.process SET ended_at = statement_timestamp() WHERE id = $1 AND ended_at IS NULL";

/// Creates the tables that are missing.
///
/// # Errors
/// The role may not create a schema, or the connection is lost.
pub async fn create_tables(client: &Client) -> Result<(), Error> {
    loop {
        match client.batch_execute(CREATE_TABLES).await {
            // Two processes created the same table: `IF NOT EXISTS` does not see what is not committed yet.
            Err(error) if was_created_meanwhile(&error) => {}
            other => return other,
        }
    }
}

fn was_created_meanwhile(error: &Error) -> bool {
    let codes = [
        SqlState::UNIQUE_VIOLATION,
        SqlState::DUPLICATE_SCHEMA,
        SqlState::DUPLICATE_TABLE,
    ];
    error.code().is_some_and(|code| codes.contains(code))
}

/// Sends one heartbeat; returns a kind of violation once the database saw one.
pub(super) async fn heartbeat(client: &Client, identity: &Identity) -> Result<Option<String>, Error> {
    let Identity {
        id,
        host,
        role,
        model,
    } = identity;
    client
        .query_one(HEARTBEAT, &[id, host, &role.as_str(), model])
        .await
        .and_then(|row: Row| row.try_get("corrupted"))
}
