//! The judge: what a register says about everything that ever ran on its database.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::{Client, Error, Row};

/// One process that ran, or runs, on the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Process {
    pub id: String,
    pub host: String,
    /// `leader`, `worker` or `peer`.
    pub role: String,
    pub model: String,
    pub started_at: Timestamp,
    /// The last sign of life: its proper end, else its last heartbeat.
    pub last_seen_at: Timestamp,
    /// Whether it left by itself, and not by SIGKILL or a crash.
    pub ended: bool,
    /// A heartbeat within the last second and a living session.
    pub running: bool,
    /// The longest time between two heartbeats, in milliseconds: paused, or cut off from the database.
    pub longest_silence_millis: i64,
}

/// What must never run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViolationKind {
    TwoLeaders,
    TwoModels,
    /// A process without a leader beside one of a cluster with a leader.
    TwoModes,
}

/// Two processes that must not have run at once, and did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    pub kind: ViolationKind,
    /// Ids of processes.
    pub first: String,
    pub second: String,
    /// When it was noticed.
    pub at: Timestamp,
}

/// The judgement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// All processes, in the order of their start.
    pub processes: Vec<Process>,
    /// How many leaders ever ran at the same moment.
    pub max_leaders: usize,
    /// How many models ever ran at the same moment.
    pub max_models: usize,
    /// How many ways of a cluster, with a leader and without, ever ran at the same moment.
    pub max_modes: usize,
    /// What the processes themselves noticed.
    pub violations: Vec<Violation>,
    /// How often a worker executed DDL commands: the runtime does not refuse, and nobody should have asked it to.
    pub schema_changes_by_workers: usize,
}

impl Summary {
    /// The processes that run now.
    pub fn running(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().filter(|process| process.running)
    }

    /// Whether two leaders, two models or two modes ever ran at once, by what was noticed or by the intervals.
    pub fn is_corrupted(&self) -> bool {
        let together = [self.max_leaders, self.max_models, self.max_modes];
        !self.violations.is_empty() || together.iter().any(|most| *most > 1)
    }
}

/// Reads the register of the client's database and judges it. A database without a register gives an empty summary.
///
/// # Errors
/// The connection is lost, or the role may not read the register.
pub async fn summary(client: &Client) -> Result<Summary, Error> {
    let exists = client
        .query_one("SELECT to_regclass('runtime_double.event_run') IS NOT NULL", &[])
        .await?;
    if !exists.try_get::<_, bool>(0)? {
        return Ok(Summary::default());
    }
    let processes = client
        .query(PROCESSES, &[])
        .await?
        .iter()
        .map(process)
        .collect::<Result<_, _>>()?;
    let violations = client
        .query(VIOLATIONS, &[])
        .await?
        .iter()
        .map(violation)
        .collect::<Result<_, _>>()?;
    let changes: i64 = client.query_one(CHANGES_BY_WORKERS, &[]).await?.try_get(0)?;
    Ok(judge(
        processes,
        violations,
        usize::try_from(changes).unwrap_or_default(),
    ))
}

/// A session's start is hidden from roles that may not see it; its process id then has to do.
const PROCESSES: &str = "
SELECT id, host, role, model, ended_at IS NOT NULL AS ended,
    (extract(epoch FROM started_at) * 1000000)::bigint AS started_at,
    (extract(epoch FROM coalesce(ended_at, heartbeat_at)) * 1000000)::bigint AS last_seen_at,
    (extract(epoch FROM longest_silence) * 1000)::bigint AS longest_silence_millis,
    ended_at IS NULL AND heartbeat_at > statement_timestamp() - interval '1 second' AND EXISTS (
        SELECT FROM pg_stat_activity session WHERE session.pid = process.backend_pid
            AND (session.backend_start = process.backend_start OR session.backend_start IS NULL)
    ) AS running
FROM runtime_double.process ORDER BY process.started_at, id";

const VIOLATIONS: &str = "
SELECT kind, first, second, (extract(epoch FROM at) * 1000000)::bigint AS at
FROM runtime_double.violation ORDER BY violation.at, kind, first, second";

const CHANGES_BY_WORKERS: &str = "SELECT count(*) FROM runtime_double.schema_change WHERE role = 'worker'";

fn process(row: &Row) -> Result<Process, Error> {
    Ok(Process {
        id: row.try_get("id")?,
        host: row.try_get("host")?,
        role: row.try_get("role")?,
        model: row.try_get("model")?,
        started_at: time(row, "started_at")?,
        last_seen_at: time(row, "last_seen_at")?,
        ended: row.try_get("ended")?,
        running: row.try_get("running")?,
        longest_silence_millis: row.try_get("longest_silence_millis")?,
    })
}

fn violation(row: &Row) -> Result<Violation, Error> {
    let kind: &str = row.try_get("kind")?;
    Ok(Violation {
        kind: match kind {
            "two-leaders" => ViolationKind::TwoLeaders,
            "two-models" => ViolationKind::TwoModels,
            _ => ViolationKind::TwoModes,
        },
        first: row.try_get("first")?,
        second: row.try_get("second")?,
        at: time(row, "at")?,
    })
}

fn time(row: &Row, column: &str) -> Result<Timestamp, Error> {
    let micros: i64 = row.try_get(column)?;
    Ok(Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX))
}

/// Counts what ran at once. The most that ever ran together ran together at the start of one of them, so it is
/// enough to look at these moments.
pub fn judge(
    processes: Vec<Process>,
    violations: Vec<Violation>,
    schema_changes_by_workers: usize,
) -> Summary {
    let together = |start: &Process| -> Vec<&Process> {
        let ran = |other: &&Process| {
            other.id == start.id
                || (other.started_at <= start.started_at && start.started_at < other.last_seen_at)
        };
        processes.iter().filter(ran).collect()
    };
    let most = |count: fn(&[&Process]) -> usize| {
        let counts = processes.iter().map(|start| count(&together(start)));
        counts.max().unwrap_or_default()
    };
    Summary {
        max_leaders: most(leaders),
        max_models: most(models),
        max_modes: most(modes),
        violations,
        schema_changes_by_workers,
        processes,
    }
}

fn leaders(together: &[&Process]) -> usize {
    together.iter().filter(|process| process.role == "leader").count()
}

fn models(together: &[&Process]) -> usize {
    let models = together.iter().map(|process| process.model.as_str());
    models.collect::<BTreeSet<_>>().len()
}

fn modes(together: &[&Process]) -> usize {
    let modes = together.iter().map(|process| process.role == "peer");
    modes.collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(id: &str, role: &str, model: &str, from: i64, to: i64) -> Process {
        Process {
            id: id.to_owned(),
            host: String::new(),
            role: role.to_owned(),
            model: model.to_owned(),
            started_at: Timestamp::from_second(from).unwrap(),
            last_seen_at: Timestamp::from_second(to).unwrap(),
            ended: true,
            running: false,
            longest_silence_millis: 0,
        }
    }

    fn most(processes: Vec<Process>) -> (usize, usize, bool) {
        let summary = judge(processes, Vec::new(), 0);
        (summary.max_leaders, summary.max_models, summary.is_corrupted())
    }

    #[test]
    fn one_after_the_other_is_no_violation() {
        let processes = vec![
            process("a", "leader", "A", 0, 10),
            process("b", "leader", "B", 10, 20),
        ];
        assert_eq!(most(processes), (1, 1, false));
        assert_eq!(most(Vec::new()), (0, 0, false));
    }

    #[test]
    fn leaders_that_overlap_are_counted() {
        let processes = vec![
            process("a", "leader", "A", 0, 10),
            process("b", "leader", "A", 9, 20),
            process("c", "leader", "A", 10, 30),
            process("d", "worker", "A", 0, 30),
        ];
        assert_eq!(most(processes), (2, 1, true));
    }

    #[test]
    fn models_that_overlap_are_counted_in_any_role() {
        let processes = vec![
            process("a", "worker", "A", 0, 10),
            process("b", "worker", "B", 5, 6),
            process("c", "leader", "C", 5, 7),
        ];
        assert_eq!(most(processes), (1, 3, true));
    }

    #[test]
    fn peers_are_no_leaders_and_have_none_beside_them() {
        let processes = vec![process("a", "peer", "A", 0, 10), process("b", "peer", "A", 5, 20)];
        assert_eq!(most(processes.clone()), (0, 1, false));
        let leader = process("c", "leader", "A", 15, 30);
        let summary = judge([processes, vec![leader]].concat(), Vec::new(), 0);
        assert_eq!((summary.max_leaders, summary.max_modes), (1, 2));
        assert!(summary.is_corrupted());
    }

    #[test]
    fn a_process_that_was_seen_once_only_counts_at_that_moment() {
        let processes = vec![
            process("a", "leader", "A", 5, 5),
            process("b", "leader", "A", 0, 9),
        ];
        assert_eq!(most(processes), (2, 1, true));
        let processes = vec![
            process("a", "leader", "A", 5, 5),
            process("b", "leader", "A", 5, 9),
        ];
        assert_eq!(most(processes).0, 2);
    }
}
