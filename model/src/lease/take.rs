//! What a taker may do.

use super::record::{FORMAT, Process, Record, Row, Rows};
use super::time::{Moment, Terms};
use super::watch::Watch;
use crate::crd::claim::Owner;

/// What a taker may do now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Take over, by one statement that does all of it or nothing.
    Take(Take),
    /// Renew: its own row is there, so it was an answer that got lost.
    Renew,
    /// Look again: somebody is in the way.
    Wait(Wait),
    /// Waiting is of no use.
    Refused(Refusal),
}

/// What the statement of a taker rests on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Take {
    /// Version of the record that was read; nothing where there was none.
    pub version: Option<String>,
    /// Processes that have ended without saying so. Their rows go first, and each only with the mark that was read: where
    /// one renewed after all, the statement takes nothing.
    pub dead: Vec<Dead>,
}

/// A process that has ended without saying so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dead {
    /// See [`Row::instance`].
    pub instance: String,
    /// See [`Row::mark`].
    pub mark: String,
}

/// Who is in the way. Its text is a sentence for people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wait {
    /// A worker comes after the leader of its model.
    Leader {
        /// The worker's model.
        model: String,
    },
    /// Processes that may still run.
    Processes {
        /// Their pods, roles and models.
        processes: Vec<(String, &'static str, String)>,
        /// Seconds until the last of them has ended, if none of them renews.
        seconds: u64,
    },
}

/// Why waiting is of no use. Its text is a sentence for people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The database belongs to another environment.
    Foreign {
        /// That environment.
        owner: Owner,
        /// Whether it is in another cluster.
        elsewhere: bool,
    },
    /// The rows have a form that this release does not know.
    Format(i32),
}

/// A reason not to start, taken out one at a time by the model check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rule {
    /// Rows of a later form are not understood.
    Format,
    /// The database belongs to the environment.
    Owner,
    /// A worker comes after the leader of its model.
    AfterLeader,
    /// A leader waits for leaders.
    OneLeader,
    /// Everybody waits for those of another model.
    OneModel,
    /// Whoever changes mode or owner waits for everybody.
    OneMode,
}

pub(super) const RULES: &[Rule] = &[
    Rule::Format,
    Rule::Owner,
    Rule::AfterLeader,
    Rule::OneLeader,
    Rule::OneModel,
    Rule::OneMode,
];

/// Decides what a taker may do at `now`, having read `rows`, and seen what `watch` holds.
pub fn decide(terms: &Terms, process: &Process, rows: &Rows, watch: &Watch, now: Moment) -> Verdict {
    decide_by(RULES, terms, process, rows, watch, now)
}

/// [`decide`] by some of the rules.
pub(super) fn decide_by(
    rules: &[Rule],
    terms: &Terms,
    process: &Process,
    rows: &Rows,
    watch: &Watch,
    now: Moment,
) -> Verdict {
    let own = |row: &Row| row.instance == process.instance && !row.ended;
    if rows.processes.iter().any(own) {
        return Verdict::Renew;
    }
    let record = rows.record.as_ref();
    if let Some(refusal) = record.and_then(|record| refused(rules, process, record)) {
        return Verdict::Refused(refusal);
    }
    if rules.contains(&Rule::AfterLeader) && !is_begun(process, record) {
        let model = process.model.clone();
        return Verdict::Wait(Wait::Leader { model });
    }
    let ended_at = |row: &Row| watch.ended_at(terms, &row.instance);
    let (dead, alive): (Vec<&Row>, Vec<&Row>) = (rows.processes.iter().filter(|row| !row.ended))
        .partition(|row| ended_at(row).is_some_and(|moment| now >= moment));
    let in_the_way = alive
        .into_iter()
        .filter(|row| is_in_the_way(rules, process, record, row));
    let in_the_way: Vec<&Row> = in_the_way.collect();
    if in_the_way.is_empty() {
        return Verdict::Take(Take {
            version: record.map(|record| record.version.clone()),
            dead: dead.into_iter().map(Dead::of).collect(),
        });
    }
    let mut processes: Vec<_> = in_the_way.iter().copied().map(described).collect();
    // The database gives them in an order of its own, which changes with each renewal.
    processes.sort();
    let until = in_the_way.iter().filter_map(|row| ended_at(row)).max();
    let left = until.map_or_else(|| terms.still(), |until| until.since(now));
    Verdict::Wait(Wait::Processes {
        processes,
        seconds: left.as_secs(),
    })
}

fn refused(rules: &[Rule], process: &Process, record: &Record) -> Option<Refusal> {
    if rules.contains(&Rule::Format) && record.format > FORMAT {
        return Some(Refusal::Format(record.format));
    }
    let adopts = process.adopt.is_some() && process.adopt != record.adopted;
    let foreign = rules.contains(&Rule::Owner) && record.owner != process.owner;
    (foreign && !adopts).then(|| Refusal::Foreign {
        owner: record.owner.clone(),
        elsewhere: record.owner.cluster != process.owner.cluster,
    })
}

/// Whether somebody has begun with this model, or the process may do so itself.
fn is_begun(process: &Process, record: Option<&Record>) -> bool {
    let of_this_model = |record: &Record| record.model == process.model && record.mode == process.mode;
    process.may_begin() || record.is_some_and(of_this_model)
}

fn is_in_the_way(rules: &[Rule], process: &Process, record: Option<&Record>, row: &Row) -> bool {
    let leads = |role| role == crate::names::Role::Leader;
    let as_before = |record: &Record| record.mode == process.mode && record.owner == process.owner;
    rules.iter().any(|rule| match rule {
        Rule::OneLeader => leads(process.role) && leads(row.role),
        Rule::OneModel => process.model != row.model,
        Rule::OneMode => !record.is_some_and(as_before),
        Rule::Format | Rule::Owner | Rule::AfterLeader => false,
    })
}

fn described(row: &Row) -> (String, &'static str, String) {
    (row.pod.clone(), row.role.as_str(), row.model.clone())
}

impl Wait {
    /// So many seconds are left, where that can be told.
    pub const fn seconds(&self) -> Option<u64> {
        match self {
            Self::Leader { .. } => None,
            Self::Processes { seconds, .. } => Some(*seconds),
        }
    }
}

impl Dead {
    fn of(row: &Row) -> Self {
        Self {
            instance: row.instance.clone(),
            mark: row.mark.clone(),
        }
    }
}

#[cfg(test)]
#[path = "take_tests.rs"]
pub(super) mod tests;
