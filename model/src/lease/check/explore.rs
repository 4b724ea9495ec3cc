//! The exploration of the lease.

use super::setup::Setup;
use super::state::State;
use super::world::{self, Event, harm};
use crate::exploration::{self, AsItIs, Fingerprint, World, fingerprint};
use std::collections::HashSet;

/// What an exploration found.
pub(super) struct Found {
    /// The broken invariant and the events that lead there.
    pub(super) violation: Option<(&'static str, Vec<Event>)>,
    /// Moments that were looked at.
    pub(super) states: usize,
    /// The longest that two ran which must not, in ticks; nothing when none ever did.
    pub(super) overlap: Option<u8>,
}

struct Lease<'a> {
    setup: &'a Setup,
    met: HashSet<Fingerprint, AsItIs>,
}

impl World for Lease<'_> {
    type State = State;
    type Event = Event;

    fn first(&mut self) -> State {
        State::first(self.setup)
    }

    fn successors(&mut self, state: &State) -> Vec<(Vec<Event>, State)> {
        let all = world::successors(self.setup, state).into_iter();
        all.map(|(event, next)| (vec![event], next)).collect()
    }

    fn is_new(&mut self, state: &State) -> bool {
        self.met.insert(fingerprint(state))
    }

    fn broken(&self, state: &State) -> Option<&'static str> {
        world::broken(self.setup, state)
    }
}

/// Looks at every reachable moment until one is broken.
pub(super) fn explore(setup: &Setup) -> Found {
    let mut lease = Lease {
        setup,
        met: HashSet::default(),
    };
    let mut overlap = None;
    let found = exploration::explore(&mut lease, |state| {
        if harm(setup, state).is_some() {
            overlap = overlap.max(Some(state.overlap));
        }
    });
    Found {
        violation: found.violation,
        states: found.states,
        overlap,
    }
}
