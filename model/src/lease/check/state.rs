//! One moment.

use super::setup::{SLOTS, Setup};
use crate::crd::common::LeaderSelection;

/// How often something may strike yet.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Faults {
    /// A process is killed, with its child.
    pub(super) killed: u8,
    /// A machine is suspended.
    pub(super) suspended: u8,
    /// A statement or its answer is lost, or its sender gives up.
    pub(super) lost: u8,
    /// The database fails over to a server that lacks the newest rows.
    pub(super) failover: u8,
    /// Processes end because they are asked to.
    pub(super) asked: u8,
}

/// The record. `version` is a name without order, unless versions count.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Recorded {
    pub(super) owner: u8,
    pub(super) model: u8,
    pub(super) mode: LeaderSelection,
    pub(super) version: u8,
    pub(super) adopted: bool,
}

/// The row of a process.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct RowState {
    pub(super) mark: u8,
    pub(super) ended: bool,
}

#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Database {
    pub(super) record: Option<Recorded>,
    pub(super) rows: [Option<RowState>; SLOTS],
}

/// A statement.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Statement {
    Look,
    /// What it rests on: the version, and the marks of the dead.
    Take(Option<u8>, [Option<u8>; SLOTS]),
    Renew,
    End,
}

/// What a statement has come to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Answer {
    /// It is under way.
    None,
    Read(Database),
    /// Whether it did what it was to do.
    Done(bool),
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Request {
    pub(super) statement: Statement,
    pub(super) answer: Answer,
    /// Ticks since it was sent.
    pub(super) age: u8,
}

#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) enum Life {
    #[default]
    Unborn,
    /// Looks whether it may run.
    Taker,
    Holder,
    /// Its child has ended; it says so.
    Ending,
    Dead,
}

#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct ProcessState {
    pub(super) life: Life,
    /// The child runs.
    pub(super) child: bool,
    pub(super) was_started: bool,
    pub(super) suspended: bool,
    /// Marks, and for how many ticks they have stood still.
    pub(super) watch: [Option<(u8, u8)>; SLOTS],
    /// See [`Lease`](super::super::Lease), in ticks ago.
    pub(super) answered: u8,
    pub(super) tried: u8,
    pub(super) taken_over: bool,
    /// Ticks since the lease was lost.
    pub(super) over: u8,
    pub(super) request: Option<Request>,
    /// A statement that nobody waits for any more, and that may be carried out yet.
    pub(super) ghost: Option<Statement>,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct State {
    pub(super) database: Database,
    /// What a failover leaves.
    pub(super) replica: Database,
    pub(super) processes: [ProcessState; SLOTS],
    /// Model of whoever last took that may be the first of its model. How far the schema is on its way to it is asked by
    /// each runtime itself, which waits for its leader (result 3 of `start`).
    pub(super) begun: Option<u8>,
    /// A worker was started of another model.
    pub(super) misplaced: bool,
    /// The environment that ran last.
    pub(super) belongs: Option<u8>,
    /// Another one ran after it, without a word from anybody.
    pub(super) stolen: bool,
    pub(super) left: Faults,
    /// For how many ticks two have run which must not.
    pub(super) overlap: u8,
}

impl State {
    pub(super) fn first(setup: &Setup) -> Self {
        Self {
            database: Database::default(),
            replica: Database::default(),
            processes: Default::default(),
            begun: None,
            misplaced: false,
            belongs: None,
            stolen: false,
            left: setup.faults,
            overlap: 0,
        }
    }

    /// Every place where a version stands.
    fn versions(&mut self) -> impl Iterator<Item = &mut u8> {
        let databases = [&mut self.database, &mut self.replica];
        let there = databases
            .into_iter()
            .filter_map(|database| database.record.as_mut());
        let there = there.map(|record| &mut record.version);
        there.chain(self.processes.iter_mut().flat_map(|process| {
            let request = process.request.as_mut();
            let (statement, answer) = request.map(|it| (&mut it.statement, &mut it.answer)).unzip();
            let read = answer.and_then(|answer| match answer {
                Answer::Read(database) => database.record.as_mut().map(|record| &mut record.version),
                Answer::None | Answer::Done(_) => None,
            });
            let statements = [statement, process.ghost.as_mut()].into_iter().flatten();
            let taken = statements.filter_map(|statement| match statement {
                Statement::Take(version, _) => version.as_mut(),
                _ => None,
            });
            taken.chain(read)
        }))
    }

    /// Every place where a mark of the row `of` stands.
    fn marks(&mut self, of: usize) -> impl Iterator<Item = &mut u8> {
        let databases = [&mut self.database, &mut self.replica];
        let there = databases
            .into_iter()
            .filter_map(move |database| database.rows[of].as_mut());
        let there = there.map(|row| &mut row.mark);
        there.chain(self.processes.iter_mut().flat_map(move |process| {
            let request = process.request.as_mut();
            let (statement, answer) = request.map(|it| (&mut it.statement, &mut it.answer)).unzip();
            let read = answer.and_then(|answer| match answer {
                Answer::Read(database) => database.rows[of].as_mut().map(|row| &mut row.mark),
                Answer::None | Answer::Done(_) => None,
            });
            let statements = [statement, process.ghost.as_mut()].into_iter().flatten();
            let dead = statements.filter_map(move |statement| match statement {
                Statement::Take(_, dead) => dead[of].as_mut(),
                _ => None,
            });
            let watched = process.watch[of].as_mut().map(|(mark, _)| mark);
            dead.chain(read).chain(watched)
        }))
    }

    /// A mark that stands nowhere.
    pub(super) fn new_mark(&mut self, of: usize) -> u8 {
        unused(self.marks(of))
    }

    /// A version that stands nowhere; or the next, where versions count.
    pub(super) fn new_version(&mut self, counts: bool) -> u8 {
        if counts {
            return self.database.record.map_or(0, |record| record.version + 1);
        }
        unused(self.versions())
    }

    /// The same moment with the names that are random given in the order in which they are met.
    pub(super) fn named(mut self, versions_count: bool) -> Self {
        if !versions_count {
            rename(self.versions());
        }
        for of in 0..SLOTS {
            rename(self.marks(of));
        }
        self
    }
}

fn unused<'a>(names: impl Iterator<Item = &'a mut u8>) -> u8 {
    let used = names.fold(0_u64, |bits, name| bits | 1 << *name);
    u8::try_from(used.trailing_ones()).unwrap_or(u8::MAX)
}

fn rename<'a>(names: impl Iterator<Item = &'a mut u8>) {
    let mut met: Vec<u8> = Vec::new();
    for name in names {
        let place = met.iter().position(|one| one == name).unwrap_or_else(|| {
            met.push(*name);
            met.len() - 1
        });
        *name = u8::try_from(place).unwrap_or(u8::MAX);
    }
}
