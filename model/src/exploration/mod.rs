//! Every reachable moment of a small world, breadth first, so that what is found is found by a short way.
//!
//! The checks of gate and lease are made of this.

mod fingerprint;

pub(crate) use fingerprint::{AsItIs, Fingerprint, fingerprint};

use std::collections::VecDeque;

/// What happens, and what must not.
pub(crate) trait World {
    type State;
    type Event;

    /// The moment that all others come from.
    fn first(&mut self) -> Self::State;

    /// What may come next, always in the same order.
    fn successors(&mut self, state: &Self::State) -> Vec<(Vec<Self::Event>, Self::State)>;

    /// Enters a moment, unless it was met.
    fn is_new(&mut self, state: &Self::State) -> bool;

    /// What is broken in a moment.
    fn broken(&self, state: &Self::State) -> Option<&'static str>;
}

/// What an exploration found.
pub(crate) struct Found<Event> {
    /// The broken invariant and the events that lead there.
    pub(crate) violation: Option<(&'static str, Vec<Event>)>,
    /// Moments that were looked at.
    pub(crate) states: usize,
}

/// More than this is no test any more.
const LIMIT: usize = 100_000_000;

/// Looks at every reachable moment until one is broken; `look` gets each.
pub(crate) fn explore<W: World>(world: &mut W, mut look: impl FnMut(&W::State)) -> Found<W::Event> {
    let mut ways = Vec::new();
    let start = world.first();
    world.is_new(&start);
    let mut waiting = VecDeque::from([start]);
    let mut at = 0;
    let mut violation = None;
    while let Some(state) = waiting.pop_front() {
        look(&state);
        if let Some(what) = world.broken(&state) {
            violation = Some((what, trace(world, &ways, at)));
            break;
        }
        for (number, (_, next)) in world.successors(&state).into_iter().enumerate() {
            if world.is_new(&next) {
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
    }
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
fn trace<W: World>(world: &mut W, ways: &[Way], mut at: usize) -> Vec<W::Event> {
    let mut numbers = Vec::new();
    // The first moment has no way to it.
    while let Some(way) = at.checked_sub(1).and_then(|index| ways.get(index)) {
        numbers.push(usize::from(way.number));
        at = way.from as usize;
    }
    let mut state = world.first();
    let mut events = Vec::new();
    for number in numbers.into_iter().rev() {
        let Some((steps, after)) = world.successors(&state).into_iter().nth(number) else {
            break;
        };
        events.extend(steps);
        state = after;
    }
    events
}
