//! What may happen next: one event after the other, or controllers that read as late as they can.
//!
//! A read of the claim, a list, and the moment at which a cache stops change nothing but what is remembered: of one
//! controller, or of the cache. No invariant asks for that. So where such a step may as well come after the next event,
//! with the same moment as outcome, it need not come before it. In any run, each such step can so be moved back, event
//! by event, until it stands right before an event with which it cannot change places, or before the first request
//! that follows from it; if it comes to neither, the run needs no such step. The run is no longer than before and goes
//! through the same processes. These are the runs explored: each event alone, and with the steps right before it that
//! cannot come after it. Whether they may change places is not reasoned about but tried, at each moment, in both orders;
//! and where one step stands before the event already, the next is tried with both.
//!
//! A controller that has read the claim and ends before it lists has done nothing: that run is one without the read.

use super::controller;
use super::same::same;
use super::setup::Setup;
use super::state::{Controller, State};
use super::tables::Tables;
use super::world::{self, Event};

/// Events that happen right after one another, and the moment after them.
pub(super) type Next = (Vec<Event>, State);

/// The moment after one event, of whatever kind.
pub(super) fn after(setup: &Setup, tables: &mut Tables, state: &State, event: Event) -> Option<State> {
    match event {
        Event::CacheStops
        | Event::Read(_)
        | Event::List(..)
        | Event::ListOutdated(..)
        | Event::Request(..)
        | Event::Crash(_) => controller::after(setup, tables, state, event),
        _ => world::after(setup, state, event),
    }
}

/// Every moment that may come next.
pub(super) fn successors(setup: &Setup, tables: &mut Tables, state: &State) -> Vec<Next> {
    let mut next = if setup.reductions.late {
        late(setup, tables, state)
    } else {
        each(setup, tables, state)
    };
    for (_, state) in &mut next {
        *state = same(setup, tables, *state);
    }
    next
}

/// Every single event.
fn each(setup: &Setup, tables: &mut Tables, state: &State) -> Vec<Next> {
    let controllers = (0..setup.controllers).flat_map(|at| controller::events(setup, state, at));
    let events: Vec<Event> = world::events(setup)
        .chain(controllers)
        .chain([Event::CacheStops])
        .collect();
    let next = events.into_iter();
    next.filter_map(|event| Some((vec![event], after(setup, tables, state, event)?)))
        .collect()
}

/// One step of one actor that others do not notice, or several.
struct Unnoticed {
    /// Whose; the cache counts as one more controller.
    actor: usize,
    events: Vec<Event>,
    state: State,
}

/// Each event that others notice, alone and with the reads that have to come before it.
fn late(setup: &Setup, tables: &mut Tables, state: &State) -> Vec<Next> {
    let unnoticed = unnoticed(setup, tables, state);
    let mut next = Vec::new();
    for event in world::events(setup) {
        if let Some(after) = world::after(setup, state, event) {
            let first = (vec![event], after);
            with_reads(setup, tables, &unnoticed, None, first, &mut next);
        }
    }
    for at in 0..setup.controllers {
        for first in requests(setup, tables, state, &unnoticed, at) {
            with_reads(setup, tables, &unnoticed, Some(at), first, &mut next);
        }
        if let Controller::Acting { .. } = state.controllers[at] {
            let crash = Event::Crash(at);
            next.extend(after(setup, tables, state, crash).map(|state| (vec![crash], state)));
        }
    }
    next
}

/// The next request of a controller, with the reads that lead to it.
fn requests(
    setup: &Setup,
    tables: &mut Tables,
    state: &State,
    unnoticed: &[Unnoticed],
    at: usize,
) -> Vec<Next> {
    let now = (Vec::new(), *state);
    let own = unnoticed.iter().filter(|it| it.actor == at);
    let ready = own.map(|it| (it.events.clone(), it.state)).chain([now]);
    let mut next = Vec::new();
    for (mut events, state) in ready {
        let Controller::Acting { done, .. } = state.controllers[at] else {
            continue;
        };
        let request = Event::Request(at, usize::from(done));
        if let Some(state) = after(setup, tables, &state, request) {
            events.push(request);
            next.push((events, state));
        }
    }
    next
}

/// Adds `event`, alone and after each choice of reads of others, in any order, that cannot come after it.
fn with_reads(
    setup: &Setup,
    tables: &mut Tables,
    unnoticed: &[Unnoticed],
    owner: Option<usize>,
    event: Next,
    next: &mut Vec<Next>,
) {
    let mut open = vec![(owner.map_or(0_u8, |at| 1 << at), event)];
    while let Some((actors, block)) = open.pop() {
        for read in unnoticed.iter().filter(|it| actors & (1 << it.actor) == 0) {
            let before = run(setup, tables, &read.state, &block.0);
            let behind = run(setup, tables, &block.1, &read.events);
            let Some(before) = before else { continue };
            if !behind.is_some_and(|behind| alike(setup, tables, before, behind)) {
                let events = [&read.events[..], &block.0[..]].concat();
                open.push((actors | 1 << read.actor, (events, before)));
            }
        }
        next.push(block);
    }
}

/// Whether two moments are one.
fn alike(setup: &Setup, tables: &mut Tables, one: State, other: State) -> bool {
    one == other || same(setup, tables, one) == same(setup, tables, other)
}

/// The moment after several events.
fn run(setup: &Setup, tables: &mut Tables, state: &State, events: &[Event]) -> Option<State> {
    let mut events = events.iter();
    events.try_fold(*state, |state, event| after(setup, tables, &state, *event))
}

/// What each controller, and the cache, may do now without anybody noticing.
fn unnoticed(setup: &Setup, tables: &mut Tables, state: &State) -> Vec<Unnoticed> {
    let mut found = Vec::new();
    for actor in 0..setup.controllers {
        let (claim, lists): (&[Event], &[_]) = match state.controllers[actor] {
            Controller::Idle => (&[Event::Read(actor)], &LISTS),
            Controller::Read { .. } => (&[], &LISTS),
            Controller::Acting { .. } => (&[], &[]),
        };
        found.extend(unnoticed_by(setup, tables, state, actor, claim.to_vec(), &[]));
        for list in lists {
            for wish in 0..setup.wishes_count() {
                let events = [claim, &list(actor, wish)].concat();
                let new = unnoticed_by(setup, tables, state, actor, events, &found);
                found.extend(new);
            }
        }
    }
    let cache = vec![Event::CacheStops];
    found.extend(unnoticed_by(setup, tables, state, setup.controllers, cache, &[]));
    found
}

/// Every way to list, that without a fault first.
const LISTS: [fn(usize, usize) -> Vec<Event>; 3] = [
    |at, wish| vec![Event::List(at, wish)],
    |at, wish| vec![Event::ListOutdated(at, wish)],
    |at, wish| vec![Event::CacheStops, Event::ListOutdated(at, wish)],
];

/// Nothing when it cannot be, changes nothing, or leads the controller to where a known step of its leads it: that one
/// spends no more faults and leaves the cache as it is, so that all that can follow here can follow there.
fn unnoticed_by(
    setup: &Setup,
    tables: &mut Tables,
    state: &State,
    actor: usize,
    events: Vec<Event>,
    known: &[Unnoticed],
) -> Option<Unnoticed> {
    let end = run(setup, tables, state, &events).filter(|end| end != state)?;
    let same = |it: &Unnoticed| it.state.controllers == end.controllers && it.state.wish == end.wish;
    (!known.iter().any(|it| it.actor == actor && same(it))).then_some(Unnoticed {
        actor,
        events,
        state: end,
    })
}
