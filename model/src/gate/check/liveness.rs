//! That what is wanted comes to run, once nobody disturbs: from every reachable moment, in every order of what is
//! still to be done, as long as nobody is passed over for ever.
//!
//! Sought is a way to go on for ever without it, in which each actor acts again and again or has nothing to do again and
//! again (weak fairness). Moments from which some actor cannot do either, without leaving the others that are left, are
//! struck out until none is left, or all that are left have such a way (E. A. Emerson and C.-L. Lei, 1986).

use super::explore::explore;
use super::order::after;
use super::same::same;
use super::scenarios::{ENDED, LOST, NONE};
use super::setup::{Reductions, Setup, Slot, Without, leader, worker};
use super::state::{Controller, Faults, Process, State};
use super::tables::Tables;
use super::world::Event;
use crate::crd::claim::Role;
use indexmap::IndexSet;
use rstest::rstest;

/// A step to another moment, by its index, and who does it.
#[derive(Clone, Copy)]
struct Edge {
    actor: usize,
    to: usize,
}

/// What is left to be done at each moment without a leader of the wanted model.
struct Graph {
    moments: IndexSet<State>,
    edges: Vec<Vec<Edge>>,
    /// A bit for each actor that has something to do, also where that leads to the leader.
    busy: Vec<u32>,
    actors: usize,
}

/// Everybody who acts when nobody disturbs: each controller, each part of a kubelet, and the owners of pods, who make
/// those of the wanted model.
fn actors(setup: &Setup, state: &State) -> Vec<Option<Event>> {
    let wish = setup.wishes_count() - 1;
    let controllers = (0..setup.controllers).map(|at| {
        Some(match state.controllers[at] {
            Controller::Idle => Event::Read(at),
            Controller::Read { .. } => Event::List(at, wish),
            Controller::Acting { done, .. } => Event::Request(at, usize::from(done)),
        })
    });
    let pods = (0..setup.slots.len()).flat_map(|slot| {
        let wanted = setup.slots[slot].model == setup.wanted.last().copied();
        let make = wanted.then_some(Event::Create(slot));
        [
            make,
            Some(Event::Run(slot)),
            Some(Event::Finish(slot)),
            Some(Event::Ready(slot)),
        ]
    });
    controllers.chain(pods).collect()
}

/// A moment without what only disturbances would change, or ask for.
fn calm(setup: &Setup, state: &State) -> State {
    State {
        left: Faults::default(),
        stale: None,
        wish: u8::try_from(setup.wishes_count() - 1).unwrap_or_default(),
        led: 0,
        misplaced: false,
        ..*state
    }
}

fn leader_runs(setup: &Setup, state: &State) -> bool {
    let mut pods = state.pods.iter().zip(&setup.slots);
    pods.any(|(pod, slot)| {
        let wanted = Some(slot.runs) == setup.wanted.last().copied();
        slot.role == Role::Leader && wanted && pod.process == Process::Running
    })
}

impl Graph {
    fn of(setup: &Setup, tables: &mut Tables, moments: IndexSet<State>) -> Self {
        let mut graph = Self {
            moments,
            edges: Vec::new(),
            busy: Vec::new(),
            actors: setup.controllers + 4 * setup.slots.len(),
        };
        while let Some(state) = graph.moments.get_index(graph.edges.len()).copied() {
            let (mut edges, mut busy) = (Vec::new(), 0);
            for (actor, event) in actors(setup, &state).into_iter().enumerate() {
                let next = event.and_then(|event| after(setup, tables, &state, event));
                let Some(next) = next else { continue };
                busy |= 1 << actor;
                let next = calm(setup, &same(setup, tables, next));
                if !leader_runs(setup, &next) {
                    let to = graph.moments.insert_full(next).0;
                    edges.push(Edge { actor, to });
                }
            }
            graph.edges.push(edges);
            graph.busy.push(busy);
        }
        graph
    }

    /// A moment from which it goes on for ever without the leader, if there is one.
    fn endless(&self) -> Option<&State> {
        let mut left = vec![true; self.moments.len()];
        let before = self.before();
        let mut struck = true;
        while struck {
            struck = false;
            for actor in 0..self.actors {
                let kept = self.comes_to_act(&before, &left, actor);
                struck |= kept != left;
                left = kept;
            }
        }
        self.moments.get_index(left.iter().position(|left| *left)?)
    }

    /// The moments from which each was reached.
    fn before(&self) -> Vec<Vec<usize>> {
        let mut before = vec![Vec::new(); self.moments.len()];
        for (from, edges) in self.edges.iter().enumerate() {
            for edge in edges {
                before[edge.to].push(from);
            }
        }
        before
    }

    /// Of the moments left, those from which others of them lead to one where the actor acts, or has nothing to do.
    fn comes_to_act(&self, before: &[Vec<usize>], left: &[bool], actor: usize) -> Vec<bool> {
        let acts = |moment: &usize| {
            let idle = self.busy[*moment] & (1 << actor) == 0;
            let mut edges = self.edges[*moment].iter().filter(|edge| left[edge.to]);
            left[*moment] && edges.any(|edge| idle || edge.actor == actor)
        };
        let mut open: Vec<usize> = (0..left.len()).filter(acts).collect();
        let mut kept = vec![false; left.len()];
        while let Some(moment) = open.pop() {
            if !kept[moment] {
                kept[moment] = true;
                open.extend(before[moment].iter().filter(|from| left[**from]));
            }
        }
        kept
    }
}

fn graph(setup: &Setup) -> Graph {
    let mut moments = IndexSet::new();
    let mut found = explore(setup, |state| {
        let state = calm(setup, state);
        if !leader_runs(setup, &state) {
            moments.insert(state);
        }
    });
    assert_eq!(found.violation, None);
    Graph::of(setup, &mut found.tables, moments)
}

/// Unreduced, since what is left out for safety's sake, such as deletions by a controller, is what brings progress.
fn setup(slots: Vec<Slot>, faults: Faults) -> Setup {
    Setup {
        synced: Some(0),
        wanted: vec![0, 1],
        reductions: Reductions::NONE,
        ..Setup::new(slots).with(faults)
    }
}

#[rstest]
#[case::one_controller(Setup { controllers: 1, ..setup(vec![leader(0), leader(1), worker(0)], LOST) })]
#[case::two_controllers(setup(vec![leader(1), worker(0)], LOST))]
#[case::two_leaders(setup(vec![leader(0), leader(1)], ENDED))]
fn a_wanted_leader_comes_to_run(#[case] setup: Setup) {
    let graph = graph(&setup);
    eprintln!(
        "from each of {} moments without the wanted leader",
        graph.moments.len()
    );
    assert_eq!(graph.endless(), None);
}

/// Whoever does not delete pods of another model waits for ever.
#[test]
fn without_the_planner_it_may_never_run() {
    let setup = Setup {
        without: Without::Planner,
        ..setup(vec![leader(0), leader(1)], NONE)
    };
    assert!(graph(&setup).endless().is_some());
}
