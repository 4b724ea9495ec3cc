//! That what is wanted comes to run, once nobody disturbs: from every reachable moment, however it came about.

use super::controller;
use super::explore::explore;
use super::setup::{Faults, Setup, leader, worker};
use super::state::{Life, PodState, Process, State};
use super::world::{self, Event};
use crate::crd::claim::Role;

/// Rounds of everybody after which a wanted leader must run. Some ten are enough; what never comes, never comes.
const ROUNDS: usize = 60;

/// Everything but people and faults, in turn; and the owners of pods, which make new ones for those that are gone.
fn round(setup: &Setup, tables: &mut controller::Tables, state: &mut State) {
    for slot in 0..setup.slots.len() {
        make_again(setup, tables, state, slot);
        for event in [Event::Run(slot), Event::Finish(slot), Event::Ready(slot)] {
            if let Some(next) = world::after(setup, state, event) {
                *state = next;
            }
        }
    }
    for at in 0..setup.controllers {
        let next = controller::events(state, at)
            .into_iter()
            .find(|event| !matches!(event, Event::Crash(_) | Event::ListOutdated(_)));
        if let Some(next) = next.and_then(|event| controller::after(setup, tables, state, event)) {
            *state = next;
        }
    }
}

/// A pod of the wanted model is made again under a new uid, which here is the old one once nothing remembers it.
fn make_again(setup: &Setup, tables: &controller::Tables, state: &mut State, slot: usize) {
    let wanted = setup.wanted[usize::from(state.wanted)];
    let pod = state.pods[slot];
    let forgotten = state
        .claim
        .is_none_or(|(_, record)| tables.record(record).entry(&slot.to_string()).is_none());
    let idle = state.controllers == <[super::state::Controller; 2]>::default();
    let away = matches!(pod.life, Life::Unborn | Life::Gone) && pod.process != Process::Running;
    if setup.slots[slot].model == Some(wanted) && away && forgotten && idle {
        state.pods[slot] = PodState {
            life: Life::Here,
            gated: true,
            ..PodState::default()
        };
    }
}

fn leader_runs(setup: &Setup, state: &State) -> bool {
    let wanted = setup.wanted[usize::from(state.wanted)];
    state.pods.iter().zip(&setup.slots).any(|(pod, slot)| {
        slot.role == Role::Leader && slot.runs == wanted && pod.process == Process::Running
    })
}

#[test]
fn a_wanted_leader_comes_to_run_from_every_moment() {
    let setup = Setup {
        synced: Some(0),
        wanted: vec![0, 1],
        faults: Faults {
            forced: 1,
            claim_lost: 1,
            stale_list: 0,
        },
        controllers: 1,
        ..Setup::new(vec![leader(0), leader(1), worker(0)])
    };
    let mut found = explore(&setup);
    assert_eq!(found.violation, None);
    // What is desired stays: the last wish.
    let last = found.states.iter().filter(|state| state.wanted == 1).copied();
    let moments: Vec<State> = last.collect();
    for moment in &moments {
        let mut state = *moment;
        let runs = (0..ROUNDS).any(|_| {
            round(&setup, &mut found.tables, &mut state);
            leader_runs(&setup, &state)
        });
        assert!(
            runs,
            "the wanted leader never runs after {moment:?}, but {state:?}"
        );
    }
    eprintln!("a wanted leader runs from each of {} moments", moments.len());
}
