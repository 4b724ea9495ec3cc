//! What may happen next, and what comes of it.

use super::super::hold::Duty;
use super::super::time::Terms;
use super::deciding::{answered, begin, holder, next_statement, tried};
use super::setup::{Setup, Slot, Without};
use super::state::{Answer, Life, ProcessState, Request, State, Statement};
use super::statement::carry_out;
use crate::crd::common::LeaderSelection;
use crate::names::Role;
use std::time::Duration;

/// Something that happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Event {
    Tick,
    /// The second server has what the first one has.
    Replicate,
    Failover,
    /// A process begins to look.
    Begin(usize),
    Send(usize),
    CarryOut(usize),
    Answer(usize),
    /// The statement was not carried out, or its answer is lost.
    Lose(usize),
    /// Its sender waits no longer; it may be carried out yet.
    GiveUp(usize),
    CarryOutLate(usize),
    StartChild(usize),
    /// The guard kills its child because it has to.
    Kill(usize),
    /// A child ends because it was asked to.
    End(usize),
    /// Guard and child are killed at once: the guard is PID 1.
    Die(usize),
    Suspend(usize),
    Resume(usize),
}

const OF_PROCESS: [fn(usize) -> Event; 13] = [
    Event::Begin,
    Event::Send,
    Event::CarryOut,
    Event::Answer,
    Event::Lose,
    Event::GiveUp,
    Event::CarryOutLate,
    Event::StartChild,
    Event::Kill,
    Event::End,
    Event::Die,
    Event::Suspend,
    Event::Resume,
];

/// Every moment that may be next.
pub(super) fn successors(setup: &Setup, state: &State) -> Vec<(Event, State)> {
    let of_processes = (0..setup.slots.len()).flat_map(|at| OF_PROCESS.iter().map(move |event| event(at)));
    let all = of_processes.chain([Event::Tick, Event::Replicate, Event::Failover]);
    let counts = setup.without == Without::RandomVersion;
    all.filter_map(|event| Some((event, after(setup, state, event)?.named(counts))))
        .collect()
}

fn after(setup: &Setup, state: &State, event: Event) -> Option<State> {
    let mut next = *state;
    match event {
        Event::Tick => return tick(setup, state),
        Event::Replicate => {
            (state.left.failover > 0 && state.replica != state.database).then_some(())?;
            next.replica = state.database;
        }
        Event::Failover => {
            spend(&mut next.left.failover)?;
            next.database = state.replica;
        }
        Event::CarryOut(at) => {
            let request = unanswered(&state.processes[at])?;
            let answer = carry_out(setup, &mut next, at, request.statement);
            next.processes[at].request = Some(Request { answer, ..request });
        }
        Event::CarryOutLate(at) => {
            let ghost = next.processes[at].ghost.take()?;
            carry_out(setup, &mut next, at, ghost);
        }
        Event::StartChild(at) => start_child(setup, &mut next, at)?,
        Event::Begin(at)
        | Event::Send(at)
        | Event::Answer(at)
        | Event::Lose(at)
        | Event::GiveUp(at)
        | Event::Kill(at)
        | Event::End(at)
        | Event::Die(at)
        | Event::Suspend(at)
        | Event::Resume(at) => of_process(setup, &mut next, event, at)?,
    }
    Some(next)
}

/// A fault fewer may strike.
fn spend(left: &mut u8) -> Option<()> {
    *left = left.checked_sub(1)?;
    Some(())
}

fn of_process(setup: &Setup, next: &mut State, event: Event, at: usize) -> Option<()> {
    let mut process = next.processes[at];
    let acts = !process.suspended && process.life != Life::Dead;
    (acts || matches!(event, Event::Resume(_))).then_some(())?;
    match event {
        Event::Begin(_) => {
            (process.life == Life::Unborn).then_some(())?;
            process.life = Life::Taker;
        }
        Event::Send(_) => send(setup, &mut process)?,
        Event::Answer(_) => answer(setup, &mut process, at)?,
        Event::Lose(_) => {
            spend(&mut next.left.lost)?;
            process.request.take()?;
        }
        Event::GiveUp(_) => {
            spend(&mut next.left.lost)?;
            let request = unanswered(&process).filter(|request| request.statement != Statement::Look)?;
            process.request = None;
            process.ghost = Some(request.statement);
        }
        Event::Kill(_) => kill(setup, &mut process)?,
        Event::End(_) => {
            spend(&mut next.left.asked)?;
            (process.life == Life::Holder).then_some(())?;
            end(setup, &mut process);
        }
        Event::Die(_) => {
            spend(&mut next.left.killed)?;
            (process.life != Life::Unborn).then_some(())?;
            die(&mut process);
        }
        Event::Suspend(_) => {
            (process.life == Life::Holder || process.life == Life::Taker).then_some(())?;
            spend(&mut next.left.suspended)?;
            process.suspended = true;
        }
        Event::Resume(_) => resume(setup, &mut process)?,
        _ => return None,
    }
    next.processes[at] = process;
    Some(())
}

fn unanswered(process: &ProcessState) -> Option<Request> {
    process.request.filter(|request| request.answer == Answer::None)
}

fn send(setup: &Setup, process: &mut ProcessState) -> Option<()> {
    process.request.is_none().then_some(())?;
    let statement = match process.life {
        Life::Taker => Statement::Look,
        Life::Holder if holder(setup, process) == Duty::Renew => {
            tried(process);
            Statement::Renew
        }
        Life::Ending => Statement::End,
        _ => return None,
    };
    process.request = Some(request(statement));
    Some(())
}

fn request(statement: Statement) -> Request {
    Request {
        statement,
        answer: Answer::None,
        age: 0,
    }
}

fn answer(setup: &Setup, process: &mut ProcessState, at: usize) -> Option<()> {
    let Request {
        statement,
        answer,
        age,
    } = process.request?;
    match (process.life, statement, answer) {
        (_, _, Answer::None) => return None,
        (Life::Taker, _, Answer::Read(read)) => {
            let next = next_statement(setup, at, process, &read, age);
            process.request = next.map(request);
            return Some(());
        }
        (Life::Taker, _, Answer::Done(true)) => {
            process.life = Life::Holder;
            process.watch = Default::default();
            begin(setup, process, age);
        }
        (Life::Holder, Statement::Renew, Answer::Done(renewed)) => answered(setup, process, age, renewed),
        (Life::Ending, Statement::End, Answer::Done(_)) => process.life = Life::Dead,
        _ => {}
    }
    process.request = None;
    if process.life == Life::Dead {
        die(process);
    }
    Some(())
}

/// A child that has ended is never started again by the same process.
fn start_child(setup: &Setup, next: &mut State, at: usize) -> Option<()> {
    let process = &mut next.processes[at];
    let ready = process.life == Life::Holder && !process.was_started && !process.suspended;
    let under_lease = !matches!(holder(setup, process), Duty::Kill(_));
    (ready && (under_lease || setup.without == Without::StartUnderLease)).then_some(())?;
    process.child = true;
    process.was_started = true;
    let slot = &setup.slots[at];
    let comes_after = slot.role == Role::Worker && slot.mode == LeaderSelection::Assigned;
    next.misplaced |= comes_after && next.begun != Some(slot.model);
    next.stolen |= !slot.adopts && next.belongs.is_some_and(|owner| owner != slot.owner);
    next.belongs = Some(slot.owner);
    Some(())
}

fn kill(setup: &Setup, process: &mut ProcessState) -> Option<()> {
    must_kill(setup, process).then_some(())?;
    end(setup, process);
    Some(())
}

fn must_kill(setup: &Setup, process: &ProcessState) -> bool {
    process.life == Life::Holder
        && match holder(setup, process) {
            Duty::Kill(super::super::hold::Loss::Expired(_)) => setup.without != Without::Expiry,
            Duty::Kill(super::super::hold::Loss::TakenOver) => true,
            Duty::Renew | Duty::Rest(_) => false,
        }
}

/// The child has ended, or is about to where the order of the two is taken out.
fn end(setup: &Setup, process: &mut ProcessState) {
    process.life = Life::Ending;
    process.child &= setup.without == Without::EndAfterChild;
    process.request = None;
    process.over = 0;
}

/// What was under way may be carried out yet.
fn die(process: &mut ProcessState) {
    let ghost = unanswered(process).map(|request| request.statement);
    *process = ProcessState {
        life: Life::Dead,
        ghost: ghost.or(process.ghost),
        ..ProcessState::default()
    };
}

/// The guard's first look at the clock is that of its wake-up: what the child writes before it is no part of the check.
fn resume(setup: &Setup, process: &mut ProcessState) -> Option<()> {
    process.suspended.then_some(())?;
    process.suspended = false;
    let _ = kill(setup, process);
    Some(())
}

fn tick(setup: &Setup, state: &State) -> Option<State> {
    let mut next = *state;
    for process in &mut next.processes {
        if !process.suspended || setup.without != Without::ClockRunsOn {
            age(setup, process);
        }
        let late = !process.suspended && process.child && must_kill(setup, process);
        process.over = if late { process.over + 1 } else { 0 };
        // A child is gone in time: before the tick at which the kill would have taken too long.
        (u64::from(process.over) <= setup.holders.kill.as_secs()).then_some(())?;
        let ending = process.life == Life::Ending && process.child;
        process.child &= !ending;
    }
    (!setup.prompt || is_quiet(setup, state)).then_some(())?;
    next.overlap = if harm(setup, state).is_some() {
        state.overlap + 1
    } else {
        0
    };
    Some(next)
}

/// Older than all that anybody asks for is as good as that.
fn age(setup: &Setup, process: &mut ProcessState) {
    let older = |age: u8, most: Duration| (age + 1).min(u8::try_from(most.as_secs()).unwrap_or(u8::MAX));
    let Terms { limit, interval, .. } = setup.holders;
    let still = setup.takers.still();
    process.watch = process
        .watch
        .map(|seen| seen.map(|(mark, age)| (mark, older(age, still))));
    if process.life == Life::Holder {
        process.answered = older(process.answered, limit);
        process.tried = older(process.tried, interval);
    }
    if let Some(request) = &mut process.request {
        let most = match (process.life, request.statement) {
            (Life::Taker, Statement::Look) if setup.without == Without::FromAnswer => still,
            (Life::Ending, _) | (_, Statement::Look) => Duration::ZERO,
            _ => limit,
        };
        request.age = older(request.age, most);
    }
}

/// Nothing is to be sent by a holder, and nothing is under way.
fn is_quiet(setup: &Setup, state: &State) -> bool {
    let is_quiet = |process: &ProcessState| {
        let due = process.life == Life::Holder && holder(setup, process) == Duty::Renew;
        process.suspended || (process.request.is_none() && !due)
    };
    state.processes.iter().all(is_quiet)
}

/// What is broken at this moment, if anything is.
pub(super) fn broken(setup: &Setup, state: &State) -> Option<&'static str> {
    if state.misplaced {
        return Some("I4: a worker of a model that no leader has begun with");
    }
    if state.stolen {
        return Some("I1: a database that belongs to another environment");
    }
    let what = harm(setup, state)?;
    (setup.bound == 0 || state.overlap > setup.bound).then_some(what)
}

/// Which two run that must not.
pub(super) fn harm(setup: &Setup, state: &State) -> Option<&'static str> {
    let running = || {
        let processes = state.processes.iter().zip(&setup.slots);
        processes
            .filter(|(process, _)| process.child && !process.suspended)
            .map(|(_, slot)| slot)
    };
    let differ =
        |differ: fn(&Slot, &Slot) -> bool| running().any(|one| running().any(|other| differ(one, other)));
    if differ(|one, other| one.owner != other.owner) {
        return Some("I1: two environments");
    }
    if running().filter(|slot| slot.role == Role::Leader).count() > 1 {
        return Some("I2: two leaders");
    }
    if differ(|one, other| one.model != other.model) {
        return Some("I3: two models");
    }
    differ(|one, other| one.mode != other.mode).then_some("I3: two modes")
}
