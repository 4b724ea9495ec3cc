//! Every reachable moment, breadth first, so that what is found is found by a short way.

use super::order::{Next, successors};
use super::program;
use super::same::same;
use super::seen::Seen;
use super::setup::Setup;
use super::state::State;
use super::tables::Tables;
use super::world::{self, Event};
use std::collections::VecDeque;

/// What an exploration found.
pub(super) struct Found {
    /// The broken invariant and the events that lead there.
    pub(super) violation: Option<(&'static str, Vec<Event>)>,
    /// Moments that were looked at.
    pub(super) states: usize,
    pub(super) tables: Tables,
}

/// More than this is no test any more.
const LIMIT: usize = 100_000_000;

/// Looks at every reachable moment until one is broken; `look` gets each.
pub(super) fn explore(setup: &Setup, mut look: impl FnMut(&State)) -> Found {
    let mut tables = Tables::default();
    let mut seen = Seen::new(setup);
    let mut ways = Vec::new();
    let start = start(setup, &mut tables);
    seen.is_new(&start);
    let mut waiting = VecDeque::from([start]);
    let mut at = 0;
    let mut violation = None;
    while let Some(state) = waiting.pop_front() {
        look(&state);
        if let Some(what) = world::broken(setup, &state) {
            violation = Some((what, trace(setup, &ways, at)));
            break;
        }
        for (number, (_, next)) in successors(setup, &mut tables, &state).into_iter().enumerate() {
            if seen.is_new(&next) {
                ways.push(Way::new(at, number));
                waiting.push_back(next);
            }
        }
        at += 1;
        assert!(at < LIMIT, "the exploration does not end: make the setup smaller");
    }
    Found {
        violation,
        states: at + waiting.len(),
        tables,
    }
}

pub(super) fn start(setup: &Setup, tables: &mut Tables) -> State {
    let claim = program::first_claim(setup, tables);
    let state = State {
        pods: setup.first_pods(),
        claim,
        claims_made: u8::from(claim.is_some()),
        schema: 0,
        led: 1,
        misplaced: false,
        wish: 0,
        left: setup.faults,
        stale: None,
        controllers: Default::default(),
    };
    same(setup, tables, state)
}

/// From which moment, by which of its successors, another was met first.
struct Way {
    from: u32,
    number: u16,
}

impl Way {
    fn new(from: usize, number: usize) -> Self {
        Self {
            from: u32::try_from(from).unwrap_or(u32::MAX),
            number: u16::try_from(number).unwrap_or(u16::MAX),
        }
    }
}

/// Goes the way again, since moments themselves are not kept.
fn trace(setup: &Setup, ways: &[Way], mut at: usize) -> Vec<Event> {
    let mut numbers = Vec::new();
    // The first moment has no way to it.
    while let Some(way) = at.checked_sub(1).and_then(|index| ways.get(index)) {
        numbers.push(usize::from(way.number));
        at = way.from as usize;
    }
    let mut tables = Tables::default();
    let mut state = start(setup, &mut tables);
    let mut events = Vec::new();
    for number in numbers.into_iter().rev() {
        let next = successors(setup, &mut tables, &state).into_iter().nth(number);
        let Some((steps, after)): Option<Next> = next else {
            break;
        };
        events.extend(steps);
        state = after;
    }
    events
}
