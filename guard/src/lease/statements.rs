//! The statements. Each is one, with no name and no session: poolers in transaction mode pass it on, and what its sender
//! never hears of has happened as a whole or not at all.

/// Whether this is a standby, the record and the rows, in one look.
pub(super) const LOOK: &str = "SELECT pg_is_in_recovery(), e.format, e.cluster, e.namespace, e.environment, e.model, \
    e.mode, e.version, e.adopted, r.instance, r.pod, r.role, r.model, r.mark, r.ended \
    FROM (SELECT 1) AS one LEFT JOIN kubectl_mendix.environment e ON true LEFT JOIN kubectl_mendix.runtime r ON true";

/// Whether there is a schema of ours, be it readable or not.
pub(super) const HAS_SCHEMA: &str = "SELECT to_regnamespace('kubectl_mendix') IS NOT NULL";

/// Alone: it asks for the right to make a schema also where there is one.
pub(super) const CREATE_SCHEMA: &str = "CREATE SCHEMA IF NOT EXISTS kubectl_mendix";

/// Columns may be added later, with defaults; what they mean changes with `format` only. `renewed` is for people: nobody
/// compares it. Half of each page is left free, so that a renewal stays on it and touches no index.
pub(super) const CREATE_TABLES: &str = "\
    CREATE TABLE IF NOT EXISTS kubectl_mendix.environment ( \
        one boolean PRIMARY KEY DEFAULT true CHECK (one), format integer NOT NULL, id text NOT NULL, \
        cluster text NOT NULL, namespace text NOT NULL, environment text NOT NULL, model text NOT NULL, \
        mode text NOT NULL, version text NOT NULL, adopted text); \
    CREATE TABLE IF NOT EXISTS kubectl_mendix.runtime ( \
        instance text PRIMARY KEY, pod text NOT NULL, role text NOT NULL, model text NOT NULL, mark text NOT NULL, \
        ended boolean NOT NULL DEFAULT false, started timestamptz NOT NULL DEFAULT now(), \
        renewed timestamptz NOT NULL DEFAULT now()) WITH (fillfactor = 50)";

/// The part of both takes that comes first. $1, $2: instances and marks of the dead. A server that may forget what it
/// said is told not to forget this one.
const DEAD: &str = "WITH durable AS (SELECT CASE current_setting('synchronous_commit') WHEN 'off' \
        THEN set_config('synchronous_commit', 'local', true) ELSE '' END AS done), \
    dead AS (DELETE FROM kubectl_mendix.runtime r USING unnest($1::text[], $2::text[]) AS d (instance, mark) \
        WHERE r.instance = d.instance AND r.mark = d.mark RETURNING r.instance), \
    whole AS (SELECT (SELECT count(*) FROM dead) = cardinality($1::text[]) AND (SELECT count(done) FROM durable) = 1 \
        AS whole)";

/// And the one that comes last. $3 to $7: instance, pod, role, model, mark.
const ROW: &str = "swept AS (DELETE FROM kubectl_mendix.runtime WHERE ended AND EXISTS (SELECT FROM taken)) \
    INSERT INTO kubectl_mendix.runtime (instance, pod, role, model, mark) \
        SELECT $3::text, $4::text, $5::text, $6::text, $7::text FROM taken RETURNING instance";

/// $8 to $13: cluster, namespace, environment, mode, new version, adopted; $14: the version that was seen. Two that take
/// at once meet at the record's row: the second waits for the first and then finds another version.
pub(super) fn take() -> String {
    format!(
        "{DEAD}, taken AS (UPDATE kubectl_mendix.environment SET cluster = $8::text, namespace = $9::text, \
            environment = $10::text, model = $6::text, mode = $11::text, version = $12::text, \
            adopted = coalesce($13::text, adopted) \
            WHERE version = $14::text AND (SELECT whole FROM whole) RETURNING one), {ROW}"
    )
}

/// The same on a database without a record; $14: its form, $15: its random id.
pub(super) fn take_first() -> String {
    format!(
        "{DEAD}, taken AS (INSERT INTO kubectl_mendix.environment \
            (format, id, cluster, namespace, environment, model, mode, version, adopted) \
            SELECT $14::int4, $15::text, $8::text, $9::text, $10::text, $6::text, $11::text, $12::text, $13::text \
            FROM whole WHERE whole ON CONFLICT DO NOTHING RETURNING one), {ROW}"
    )
}

/// $1: instance, $2: the new mark.
pub(super) const RENEW: &str = "UPDATE kubectl_mendix.runtime SET mark = $2::text, renewed = now() WHERE instance = $1::text AND NOT ended";

/// $1: instance.
pub(super) const END: &str = "UPDATE kubectl_mendix.runtime SET ended = true WHERE instance = $1::text";

/// Whether there are heartbeats of runtimes, and the sessions of the app's role with the addresses they come from: those
/// of our programs, and those that do something, or did within three looks; one that a lost node has left behind does not.
/// What people and their backups use runs no model.
pub(super) const SESSIONS: &str = "SELECT to_regclass('\"system$xasinstance\"') IS NOT NULL, host(a.client_addr), \
    a.application_name LIKE 'kubectl-mendix%' FROM (SELECT 1) AS one LEFT JOIN pg_stat_activity a \
    ON a.datname = current_database() AND a.usename = current_user AND a.client_addr IS NOT NULL \
    AND a.application_name NOT IN ('psql', 'pg_dump') \
    AND (a.application_name LIKE 'kubectl-mendix%' OR a.state <> 'idle' OR a.state_change > now() - interval '30 s') \
    GROUP BY 2, 3";

/// Heartbeats, and the processes that have rows at the same moment.
pub(super) const HEARTBEATS: &str = "SELECT xasid::text, lastupdate::text, NULL FROM \"system$xasinstance\" \
    UNION ALL SELECT NULL, NULL, instance FROM kubectl_mendix.runtime";
