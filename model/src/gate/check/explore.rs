//! The exploration of the gate.

use super::order::{Next, successors};
use super::program;
use super::same::same;
use super::seen::Seen;
use super::setup::Setup;
use super::state::State;
use super::tables::Tables;
use super::world::{self, Event};
use crate::exploration::{self, World};

/// What an exploration found.
pub(super) struct Found {
    /// The broken invariant and the events that lead there.
    pub(super) violation: Option<(&'static str, Vec<Event>)>,
    /// Moments that were looked at.
    pub(super) states: usize,
    pub(super) tables: Tables,
}

struct Gate<'a> {
    setup: &'a Setup,
    tables: Tables,
    seen: Seen,
}

impl World for Gate<'_> {
    type State = State;
    type Event = Event;

    fn first(&mut self) -> State {
        start(self.setup, &mut self.tables)
    }

    fn successors(&mut self, state: &State) -> Vec<Next> {
        successors(self.setup, &mut self.tables, state)
    }

    fn is_new(&mut self, state: &State) -> bool {
        self.seen.is_new(state)
    }

    fn broken(&self, state: &State) -> Option<&'static str> {
        world::broken(self.setup, state)
    }
}

/// Looks at every reachable moment until one is broken; `look` gets each.
pub(super) fn explore(setup: &Setup, look: impl FnMut(&State)) -> Found {
    let mut gate = Gate {
        setup,
        tables: Tables::default(),
        seen: Seen::new(setup),
    };
    let found = exploration::explore(&mut gate, look);
    Found {
        violation: found.violation,
        states: found.states,
        tables: gate.tables,
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
