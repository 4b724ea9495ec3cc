//! From a moment to the arguments of the deciding functions, and from what they say back to a moment.

use super::super::hold::{Duty, Lease, duty};
use super::super::record::{FORMAT, Process, Record, Row, Rows};
use super::super::take::{Verdict, decide_by};
use super::super::time::Moment;
use super::super::watch::Watch;
use super::setup::{SLOTS, Setup, Without};
use super::state::{Database, ProcessState, Statement};
use crate::crd::claim::Owner;
use std::time::Duration;

/// Later than any age.
const NOW: u64 = 1000;

fn ago(ticks: u8) -> Moment {
    Moment(Duration::from_secs(NOW - u64::from(ticks)))
}

fn ticks(moment: Moment) -> u8 {
    u8::try_from(ago(0).since(moment).as_secs()).unwrap_or(u8::MAX)
}

fn owner(number: u8) -> Owner {
    Owner {
        cluster: number.to_string(),
        ..Owner::default()
    }
}

fn rows(setup: &Setup, read: &Database) -> Rows {
    let record = read.record.map(|record| Record {
        format: FORMAT,
        owner: owner(record.owner),
        model: record.model.to_string(),
        mode: record.mode,
        version: record.version.to_string(),
        adopted: record.adopted.then(String::new),
    });
    let there = read.rows.iter().enumerate();
    let there = there.filter_map(|(at, row)| Some((at, (*row)?, setup.slots.get(at)?)));
    let processes = there.map(|(at, row, slot)| Row {
        instance: at.to_string(),
        pod: String::new(),
        role: slot.role,
        model: slot.model.to_string(),
        mark: row.mark.to_string(),
        ended: row.ended,
    });
    Rows {
        record,
        processes: processes.collect(),
    }
}

fn process(setup: &Setup, at: usize) -> Process {
    let slot = &setup.slots[at];
    Process {
        instance: slot.instance.to_string(),
        pod: String::new(),
        owner: owner(slot.owner),
        role: slot.role,
        mode: slot.mode,
        model: slot.model.to_string(),
        adopt: slot.adopts.then(String::new),
    }
}

/// What a taker does next, having read the database `age` ticks after it asked to; its watch goes on in `state`.
pub(super) fn next_statement(
    setup: &Setup,
    at: usize,
    state: &mut ProcessState,
    read: &Database,
    age: u8,
) -> Option<Statement> {
    let mut watch = watch(state);
    let counted = if setup.without == Without::FromAnswer {
        age
    } else {
        0
    };
    let rows = rows(setup, read);
    watch.see(&rows, ago(counted));
    let verdict = decide_by(
        &setup.rules,
        &setup.takers,
        &process(setup, at),
        &rows,
        &watch,
        ago(0),
    );
    state.watch = watched(&watch);
    match verdict {
        Verdict::Renew => Some(Statement::Renew),
        Verdict::Wait(_) | Verdict::Refused(_) => None,
        Verdict::Take(take) => {
            let mut dead = [None; SLOTS];
            for one in take.dead {
                dead[number(&one.instance)] = Some(name(&one.mark));
            }
            Some(Statement::Take(take.version.as_deref().map(name), dead))
        }
    }
}

fn name(text: &str) -> u8 {
    text.parse().unwrap_or(u8::MAX)
}

fn number(instance: &str) -> usize {
    usize::from(name(instance))
}

fn watch(state: &ProcessState) -> Watch {
    let seen = state.watch.iter().enumerate();
    let seen = seen.filter_map(|(at, seen)| {
        let (mark, age) = (*seen)?;
        Some((at.to_string(), (mark.to_string(), ago(age))))
    });
    Watch(seen.collect())
}

fn watched(watch: &Watch) -> [Option<(u8, u8)>; SLOTS] {
    let mut seen = [None; SLOTS];
    for (instance, (mark, since)) in &watch.0 {
        seen[number(instance)] = Some((name(mark), ticks(*since)));
    }
    seen
}

fn lease(state: &ProcessState) -> Lease {
    Lease {
        answered: ago(state.answered),
        tried: ago(state.tried),
        taken_over: state.taken_over,
    }
}

fn set(state: &mut ProcessState, lease: &Lease) {
    state.answered = ticks(lease.answered);
    state.tried = ticks(lease.tried);
    state.taken_over = lease.taken_over;
}

/// What a holder must do.
pub(super) fn holder(setup: &Setup, state: &ProcessState) -> Duty {
    duty(&setup.holders, &lease(state), ago(0))
}

/// A first statement was answered, `age` ticks after it was sent.
pub(super) fn begin(setup: &Setup, state: &mut ProcessState, age: u8) {
    set(state, &Lease::begun(ago(counted(setup, age))));
}

/// A renewal is sent.
pub(super) fn tried(state: &mut ProcessState) {
    let tried = lease(state).tried(ago(0));
    set(state, &tried);
}

/// A renewal was answered, `age` ticks after it was sent.
pub(super) fn answered(setup: &Setup, state: &mut ProcessState, age: u8, renewed: bool) {
    let heard = renewed || setup.without == Without::GoneRow;
    let answered = lease(state).answered(ago(counted(setup, age)), heard);
    set(state, &answered);
}

fn counted(setup: &Setup, age: u8) -> u8 {
    if setup.without == Without::FromSending {
        0
    } else {
        age
    }
}
