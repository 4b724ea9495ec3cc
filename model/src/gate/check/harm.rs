//! What each rule is for: taken out alone, it does harm that the gate as it is does not.

use super::explore::explore;
use super::scenarios::{FORCED, LOST, NONE, STALE, none_is_broken, small, synced};
use super::setup::{Foreign, Reductions, Setup, Slot, Without, leader, pod, stranger, worker};
use super::state::Faults;
use crate::crd::claim::{ClaimState, Role};
use crate::crd::common::LeaderSelection;
use crate::gate::CONDITIONS;
use rstest::rstest;

/// The invariant that breaks, with the reductions and without.
pub(super) fn harm(setup: &Setup) -> &'static str {
    let unreduced = Setup {
        reductions: Reductions::NONE,
        ..setup.clone()
    };
    let what = violation(setup);
    assert_eq!(what, violation(&unreduced), "a reduction finds the same harm");
    what
}

fn violation(setup: &Setup) -> &'static str {
    let found = explore(setup, |_| {});
    let (what, events) = found
        .violation
        .expect("the rule is needed: without it something breaks");
    let (steps, states) = (events.len(), found.states);
    eprintln!("{what} after {steps} steps of {states} states: {events:?}");
    what
}

/// The invariant that a condition holds up, and where it can be seen to.
fn scenario(id: &str) -> Option<(&'static str, Setup)> {
    Some(match id {
        "MX002" => ("I1", contested()),
        "MX003" => ("I2", adopting()),
        "MX004" => ("I5", synced(vec![leader(0), contradicting()], &[0])),
        "MX005" => ("I1", small(vec![of_another_database()], &[0])),
        "MX006" => ("I4", synced(vec![leader(1), by_tag(0)], &[])),
        "MX007" => ("I3", of_two_modes()),
        "MX009" => ("I4", synced(vec![leader(1), leader(0)], &[1, 0])),
        "MX010" => ("I3", synced(vec![worker(0), leader(1)], &[0, 1])),
        "MX011" => ("I2", small(vec![leader(0), leader(0)], &[0])),
        "MX012" => ("I4", synced(vec![worker(1)], &[1])),
        _ => return None,
    })
}

fn contested() -> Setup {
    Setup {
        claim: Some(ClaimState::Contested),
        foreign: Foreign::Process,
        ..small(vec![leader(0)], &[0])
    }
}

fn adopting() -> Setup {
    Setup {
        claim: Some(ClaimState::Adopting),
        labels_only: true,
        ..small(vec![stranger(0), leader(0)], &[0])
    }
}

fn contradicting() -> Slot {
    Slot {
        contradicts: true,
        leads: true,
        ..worker(0)
    }
}

fn of_another_database() -> Slot {
    Slot {
        claimed: false,
        ..leader(0)
    }
}

fn by_tag(runs: u8) -> Slot {
    Slot {
        model: None,
        ..leader(runs)
    }
}

fn of_two_modes() -> Setup {
    Setup {
        modes: vec![LeaderSelection::Assigned, LeaderSelection::Leaderless],
        ..synced(vec![leader(0), pod(Role::Peer, 0)], &[0])
    }
}

#[rstest]
fn a_condition_taken_out_does_harm(
    #[values(
        "MX002", "MX003", "MX004", "MX005", "MX006", "MX007", "MX009", "MX010", "MX011", "MX012"
    )]
    id: &str,
) {
    let (invariant, setup) = scenario(id).expect("there is a scenario");
    let stated = CONDITIONS.iter().find(|condition| condition.id == id);
    assert!(stated.is_some_and(|condition| condition.invariants.contains(&invariant)));
    none_is_broken(id, &setup);
    let what = harm(&setup.without_condition(id));
    assert!(what.starts_with(invariant), "{what}");
}

/// Conditions that nothing breaks without, alone: see the module for the reasons.
const NOT_ALONE: [&str; 4] = ["MX001", "MX008", "MX013", "MX014"];

#[test]
fn every_condition_is_taken_out_or_has_a_reason() {
    for condition in CONDITIONS {
        let id = condition.id;
        assert!(scenario(id).is_some() != NOT_ALONE.contains(&id), "{id}");
    }
}

#[rstest]
#[case::owner("MX001", Setup { foreign: Foreign::Owner, ..small(vec![leader(0)], &[0]) })]
#[case::wanted("MX008", synced(vec![leader(1), worker(0), worker(1)], &[0, 1]))]
#[case::closed_by_others("MX013", synced(vec![leader(1), worker(0), worker(1)], &[0, 1]))]
#[case::form("MX014", Setup { foreign: Foreign::LaterRelease, ..small(vec![leader(0)], &[0]) })]
fn a_condition_that_is_not_alone_may_go(#[case] id: &str, #[case] setup: Setup) {
    none_is_broken(id, &setup.without_condition(id));
}

/// [`decide`](crate::gate::decide()) asks this itself; the condition only says it to people.
#[rstest]
#[case::owner(Foreign::Owner, Without::Owner)]
#[case::form(Foreign::LaterRelease, Without::Form)]
fn a_claim_that_is_not_ours_to_read_is_left_alone(#[case] foreign: Foreign, #[case] without: Without) {
    let setup = Setup {
        foreign,
        ..small(vec![leader(0)], &[0])
    };
    none_is_broken("the claim is not ours to read", &setup);
    assert!(harm(&Setup { without, ..setup }).starts_with("I1"));
}

#[rstest]
#[case::reservation(Without::Reservation, NONE)]
#[case::claim_version(Without::ClaimVersion, NONE)]
#[case::pod_version(Without::PodVersion, LOST)]
#[case::marks(Without::Marks, LOST)]
#[case::finalizer(Without::Finalizer, FORCED)]
#[case::proof(Without::Proof, NONE)]
fn a_rule_of_the_protocol_taken_out_makes_two_leaders(#[case] without: Without, #[case] faults: Faults) {
    let setup = small(vec![leader(0), leader(0)], &[0]).with(faults);
    none_is_broken("with the rule", &setup);
    let what = harm(&Setup { without, ..setup });
    assert!(what.starts_with("I2"), "{what}");
}

#[test]
fn adoption_by_labels_alone_makes_two_leaders() {
    let setup = Setup {
        without: Without::CompleteList,
        ..adopting()
    };
    assert!(harm(&setup.with(STALE)).starts_with("I2"));
}
