//! That each reduction loses nothing: with it and without it the same comes to pass.

use super::explore::explore;
use super::program::plain;
use super::same::forget_past;
use super::scenarios::{ENDED, LOST, STALE};
use super::setup::{Kubelet, Reductions, Setup, leader, pod, stranger, worker};
use super::state::{Life, PodState, Pods, State};
use crate::crd::claim::{ClaimState, DatabaseClaimSpec, Role};
use crate::crd::common::LeaderSelection;
use indexmap::IndexSet;
use rstest::rstest;
use std::collections::HashSet;

/// What a moment is to anybody but the controllers: the pods with their processes, the claim's record, the schema, and
/// whether something was misplaced.
type Outside = (Pods, Option<u32>, u8, bool);

fn outside(state: &State) -> Outside {
    let mut pods = state.pods.map(forget_past);
    // Whether there was a pod once, that is what somebody may remember or not.
    for pod in &mut pods {
        if *pod
            == (PodState {
                life: Life::Gone,
                ..PodState::default()
            })
        {
            *pod = PodState::default();
        }
    }
    // Marks are uids of claims, which may be given again.
    for pod in &mut pods {
        pod.mark = pod.mark.min(1);
    }
    let record = state.claim.map(|(_, record)| record);
    (pods, record, state.schema, state.misplaced)
}

/// Everything that may be seen from outside, and how many moments were looked at to know.
fn seen(setup: &Setup, records: &mut IndexSet<DatabaseClaimSpec>) -> (HashSet<Outside>, usize) {
    let mut all = HashSet::new();
    let found = explore(setup, |state| {
        all.insert(outside(state));
    });
    assert_eq!(found.violation, None);
    // Each exploration numbers its records by itself.
    let mut number = |of: u32| {
        let record = plain(found.tables.record(of).clone());
        u32::try_from(records.insert_full(record).0).unwrap_or(u32::MAX)
    };
    let all = all.into_iter();
    let all = all.map(|(pods, record, schema, misplaced)| (pods, record.map(&mut number), schema, misplaced));
    (all.collect(), found.states)
}

const EACH: [(&str, Reductions); 4] = [
    (
        "forget",
        Reductions {
            forget: true,
            ..Reductions::NONE
        },
    ),
    (
        "late",
        Reductions {
            late: true,
            ..Reductions::NONE
        },
    ),
    (
        "spend",
        Reductions {
            spend: true,
            ..Reductions::NONE
        },
    ),
    ("all", Reductions::ALL),
];

fn nothing_is_lost(setup: &Setup) {
    let mut records = IndexSet::new();
    let mut look = |reductions| {
        let setup = Setup {
            reductions,
            ..setup.clone()
        };
        seen(&setup, &mut records)
    };
    let (expected, states) = look(Reductions::NONE);
    eprintln!("as it is: {states} states, {} from outside", expected.len());
    for (name, reductions) in EACH {
        let (found, states) = look(reductions);
        eprintln!("{name}: {states} states");
        assert!(found == expected, "{name}: {} from outside", found.len());
    }
}

fn two_leaders() -> Setup {
    Setup::new(vec![leader(0), leader(0)])
}

fn new_model() -> Setup {
    Setup {
        wanted: vec![0, 1],
        synced: Some(0),
        ..Setup::new(vec![leader(1), worker(0)])
    }
}

#[rstest]
#[case::pods_end(two_leaders().once().with(ENDED))]
#[case::claim_lost(two_leaders().once().with(LOST))]
#[case::new_model(new_model().once().with(ENDED))]
#[case::forward(new_model().once().forward())]
#[case::made_again(Setup { controllers: 1, ..two_leaders() }.with(STALE))]
#[case::adoption(Setup {
    claim: Some(ClaimState::Adopting),
    ..Setup::new(vec![stranger(0), leader(0)])
})]
#[case::first_claim(Setup { claim: None, ..Setup::new(vec![leader(0)]) })]
#[case::modes(Setup {
    modes: vec![LeaderSelection::Assigned, LeaderSelection::Leaderless],
    synced: Some(0),
    ..Setup::new(vec![leader(0), pod(Role::Peer, 0)])
})]
#[case::lagging(Setup {
    kubelet: Kubelet::Lagging,
    ..Setup::new(vec![leader(0)])
}.with(ENDED))]
fn a_reduction_loses_nothing(#[case] setup: Setup) {
    nothing_is_lost(&setup);
}

#[rstest]
#[case::claim_lost(two_leaders().with(LOST))]
#[case::stale_list(two_leaders().with(STALE))]
#[case::new_model(new_model().with(LOST))]
#[case::back_and_forth(Setup {
    wanted: vec![0, 1],
    synced: Some(0),
    ..Setup::new(vec![leader(1), leader(0)])
}.with(ENDED))]
#[case::adoption(Setup {
    claim: Some(ClaimState::Adopting),
    ..Setup::new(vec![stranger(0), leader(0)])
}.with(STALE))]
#[case::first_claim(Setup { claim: None, ..Setup::new(vec![leader(0), worker(0)]) }.with(LOST))]
#[ignore = "minutes: nightly"]
fn a_reduction_loses_nothing_at_length(#[case] setup: Setup) {
    nothing_is_lost(&setup);
}
