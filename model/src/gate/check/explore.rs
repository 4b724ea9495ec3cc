//! Every reachable moment, breadth first, so that what is found is found by the shortest way.

use super::controller::{self, Tables};
use super::setup::Setup;
use super::state::{PodState, State};
use super::world::{self, Event};
use indexmap::IndexMap;

/// What an exploration found.
pub(super) struct Found {
    /// The broken invariant and the events that lead there.
    pub(super) violation: Option<(&'static str, Vec<Event>)>,
    /// Moments that were looked at.
    pub(super) states: Vec<State>,
    pub(super) tables: Tables,
}

/// More than this is no test any more.
const LIMIT: usize = 6_000_000;

/// Looks at every reachable moment until one is broken.
pub(super) fn explore(setup: &Setup) -> Found {
    let mut tables = Tables::default();
    let mut seen: IndexMap<State, (u32, Event)> = IndexMap::new();
    seen.insert(start(setup, &mut tables), (0, Event::WantNext));
    let mut violation = None;
    let mut at = 0;
    while at < seen.len() && violation.is_none() {
        assert!(
            seen.len() < LIMIT,
            "the exploration does not end: make the setup smaller"
        );
        let Some((&state, _)) = seen.get_index(at) else {
            break;
        };
        violation = world::broken(setup, &state).map(|what| (what, trace(&seen, at)));
        for (event, next) in successors(setup, &mut tables, &state) {
            let from = u32::try_from(at).unwrap_or(u32::MAX);
            seen.entry(next).or_insert((from, event));
        }
        at += 1;
    }
    Found {
        violation,
        states: seen.into_keys().collect(),
        tables,
    }
}

pub(super) fn start(setup: &Setup, tables: &mut Tables) -> State {
    let claim = controller::first_claim(setup, tables);
    State {
        pods: setup.first_pods(),
        claim,
        claims_made: u8::from(claim.is_some()),
        schema: 0,
        misplaced: false,
        wanted: 0,
        mode: 0,
        forced: setup.faults.forced,
        claim_lost: setup.faults.claim_lost,
        stale_lists: setup.faults.stale_list,
        stale: None,
        controllers: Default::default(),
    }
}

fn successors(setup: &Setup, tables: &mut Tables, state: &State) -> Vec<(Event, State)> {
    let mut next: Vec<(Event, State)> = world::events(setup)
        .filter_map(|event| Some((event, world::after(setup, state, event)?)))
        .collect();
    for at in 0..setup.controllers {
        for event in controller::events(state, at) {
            next.extend(controller::after(setup, tables, state, event).map(|state| (event, state)));
        }
    }
    for (_, state) in &mut next {
        state.pods = state.pods.map(PodState::settled);
        state.controllers = state.controllers.map(|it| controller::normal(tables, it));
        // Two controllers are alike: which of them is where makes no difference.
        state.controllers[..setup.controllers].sort_unstable();
    }
    next
}

fn trace(seen: &IndexMap<State, (u32, Event)>, mut at: usize) -> Vec<Event> {
    let mut events = Vec::new();
    while at != 0 {
        let Some((_, (from, event))) = seen.get_index(at) else {
            break;
        };
        events.push(*event);
        at = *from as usize;
    }
    events.reverse();
    events
}
