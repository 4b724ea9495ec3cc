//! Every reachable moment, breadth first, so that what is found is found by a short way.

use super::setup::Setup;
use super::state::State;
use super::world::{Event, broken, harm, successors};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::collections::{HashSet, VecDeque};
use std::hash::Hash;

/// What an exploration found.
pub(super) struct Found {
    /// The broken invariant and the events that lead there.
    pub(super) violation: Option<(&'static str, Vec<Event>)>,
    /// Moments that were looked at.
    pub(super) states: usize,
    /// The longest that two ran which must not, in ticks; nothing when none ever did.
    pub(super) overlap: Option<u8>,
}

/// More than this is no test any more.
const LIMIT: usize = 60_000_000;

/// Looks at every reachable moment until one is broken. Of a moment only a fingerprint of 128 bits is kept.
pub(super) fn explore(setup: &Setup) -> Found {
    let mut seen = HashSet::new();
    let mut ways: Vec<(u32, u16)> = Vec::new();
    let start = State::first(setup);
    seen.insert(fingerprint(&start));
    let mut waiting = VecDeque::from([start]);
    let (mut at, mut overlap, mut violation) = (0, None, None);
    while let Some(state) = waiting.pop_front() {
        if harm(setup, &state).is_some() {
            overlap = overlap.max(Some(state.overlap));
        }
        if let Some(what) = broken(setup, &state) {
            violation = Some((what, trace(setup, &ways, at)));
            break;
        }
        for (number, (_, next)) in successors(setup, &state).into_iter().enumerate() {
            if seen.insert(fingerprint(&next)) {
                let from = u32::try_from(at).unwrap_or(u32::MAX);
                ways.push((from, u16::try_from(number).unwrap_or(u16::MAX)));
                waiting.push_back(next);
            }
        }
        at += 1;
        assert!(at < LIMIT, "the exploration does not end: make the setup smaller");
    }
    Found {
        violation,
        states: at + waiting.len(),
        overlap,
    }
}

fn fingerprint(state: &State) -> u128 {
    let mut hasher = SipHasher13::new();
    state.hash(&mut hasher);
    hasher.finish128().as_u128()
}

/// Goes the way again, since moments themselves are not kept.
fn trace(setup: &Setup, ways: &[(u32, u16)], mut at: usize) -> Vec<Event> {
    let mut numbers = Vec::new();
    // The first moment has no way to it.
    while let Some((from, number)) = at.checked_sub(1).and_then(|index| ways.get(index)) {
        numbers.push(usize::from(*number));
        at = *from as usize;
    }
    let mut state = State::first(setup);
    let mut events = Vec::new();
    for number in numbers.into_iter().rev() {
        let Some((event, after)) = successors(setup, &state).into_iter().nth(number) else {
            break;
        };
        events.push(event);
        state = after;
    }
    events
}
