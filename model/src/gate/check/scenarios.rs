//! What was explored, and what each rule is for.

use super::explore::explore;
use super::setup::{Faults, Foreign, Kubelet, Setup, Slot, Without, leader, pod, stranger, worker};
use crate::crd::claim::{ClaimState, Role};
use crate::crd::common::LeaderSelection;
use rstest::rstest;

const NONE: Faults = Faults {
    forced: 0,
    claim_lost: 0,
    stale_list: 0,
};
const FORCED: Faults = Faults { forced: 1, ..NONE };
const LOST: Faults = Faults {
    claim_lost: 1,
    ..NONE
};
const STALE: Faults = Faults {
    stale_list: 1,
    ..NONE
};
const ALL: Faults = Faults {
    forced: 1,
    claim_lost: 1,
    stale_list: 1,
};

fn none_is_broken(name: &str, setup: &Setup) {
    let found = explore(setup);
    // The number is what a reader asks for first; it is shown with `--nocapture`.
    eprintln!("{name}: {} states", found.states.len());
    assert_eq!(found.violation, None, "{name}");
}

/// The harm that comes of taking a rule out.
fn harm(setup: &Setup) -> &'static str {
    let found = explore(setup);
    let (what, events) = found
        .violation
        .expect("the rule is needed: without it something breaks");
    eprintln!(
        "{what} after {} steps of {} states: {events:?}",
        events.len(),
        found.states.len()
    );
    what
}

fn small(slots: Vec<Slot>, wanted: &[u8]) -> Setup {
    Setup {
        wanted: wanted.to_vec(),
        ..Setup::new(slots)
    }
}

/// As [`small`], with a leader of model `a` that was ready before.
fn synced(slots: Vec<Slot>, wanted: &[u8]) -> Setup {
    Setup {
        synced: Some(0),
        ..small(slots, wanted)
    }
}

#[rstest]
#[case::nothing_fails(NONE)]
#[case::forced(FORCED)]
#[case::claim_lost(LOST)]
#[case::stale_list(STALE)]
fn two_leaders_of_one_model(#[case] faults: Faults) {
    let setup = small(vec![leader(0), leader(0)], &[0]);
    none_is_broken("two leaders", &Setup { faults, ..setup });
}

#[rstest]
#[case::nothing_fails(NONE)]
#[case::forced(FORCED)]
#[case::claim_lost(LOST)]
#[case::stale_list(STALE)]
fn a_new_model(#[case] faults: Faults) {
    let setup = synced(vec![leader(1), worker(0), worker(1)], &[0, 1]);
    none_is_broken("new model", &Setup { faults, ..setup });
}

#[test]
#[ignore = "a minute: cargo test -p mendix-model gate::check -- --ignored"]
fn two_leaders_with_all_faults() {
    let setup = small(vec![leader(0), leader(0)], &[0]);
    none_is_broken("two leaders, all faults", &Setup { faults: ALL, ..setup });
}

#[rstest]
#[case::forced(FORCED)]
#[case::claim_lost(LOST)]
#[case::stale_list(STALE)]
#[ignore = "with a lost claim or an outdated list these reach the limit of states and have not been seen to end"]
fn two_leaders_two_workers_three_models(#[case] faults: Faults) {
    let setup = synced(vec![leader(1), leader(2), worker(0), worker(1)], &[0, 1, 2]);
    none_is_broken(
        "two leaders, two workers, three models",
        &Setup { faults, ..setup },
    );
}

#[rstest]
#[case::one_leader("MX011", "I2", small(vec![leader(0), leader(0)], &[0]))]
#[case::one_model("MX010", "I3", synced(vec![worker(0), leader(1)], &[0, 1]))]
#[case::no_return("MX009", "I4", synced(vec![leader(1), leader(0)], &[1, 0]))]
#[case::schema("MX012", "I4", synced(vec![worker(1)], &[1]))]
#[case::mode("MX007", "I3", Setup {
    modes: vec![LeaderSelection::Assigned, LeaderSelection::Leaderless],
    ..synced(vec![leader(0), pod(Role::Peer, 0)], &[0])
})]
#[case::known_model("MX006", "I4", synced(vec![leader(1), Slot { model: None, ..leader(0) }], &[]))]
#[case::known_database("MX005", "I1", small(vec![Slot { claimed: false, ..leader(0) }], &[0]))]
#[case::contradiction("MX004", "I2", synced(vec![
    leader(0),
    Slot { contradicts: true, leads: true, ..worker(0) },
], &[0]))]
#[case::adoption("MX003", "I2", Setup {
    claim: Some(ClaimState::Adopting),
    labels_only: true,
    ..small(vec![stranger(0), leader(0)], &[0])
})]
#[case::state("MX002", "I1", Setup {
    claim: Some(ClaimState::Contested),
    foreign: Foreign::Process,
    ..small(vec![leader(0)], &[0])
})]
fn a_condition_taken_out_does_harm(#[case] id: &str, #[case] invariant: &str, #[case] setup: Setup) {
    none_is_broken(id, &setup);
    let what = harm(&setup.without_condition(id));
    assert!(what.starts_with(invariant), "{what}");
}

#[test]
fn the_claim_of_another_environment_is_left_alone() {
    let setup = Setup {
        foreign: Foreign::Owner,
        ..small(vec![leader(0)], &[0])
    };
    none_is_broken("another owner", &setup);
    let without = Without::Owner;
    assert!(harm(&Setup { without, ..setup }).starts_with("I1"));
}

/// What is wanted guides progress; nothing is safe because of it.
#[test]
fn the_wanted_model_is_not_needed_for_safety() {
    let setup = synced(vec![leader(1), worker(0), worker(1)], &[0, 1]);
    none_is_broken("without MX008", &setup.without_condition("MX008"));
}

#[rstest]
#[case::reservation(Without::Reservation, NONE)]
#[case::claim_version(Without::ClaimVersion, NONE)]
#[case::pod_version(Without::PodVersion, LOST)]
#[case::marks(Without::Marks, LOST)]
#[case::finalizer(Without::Finalizer, FORCED)]
#[case::proof(Without::Proof, NONE)]
fn a_rule_of_the_protocol_taken_out_makes_two_leaders(#[case] without: Without, #[case] faults: Faults) {
    let setup = small(vec![leader(0), leader(0)], &[0]);
    let what = harm(&Setup {
        faults,
        without,
        ..setup
    });
    assert!(what.starts_with("I2"), "{what}");
}

/// A process that was there before us bears no label: only a complete list shows it.
#[test]
fn adoption_waits_for_every_process() {
    let setup = Setup {
        claim: Some(ClaimState::Adopting),
        faults: STALE,
        ..small(vec![stranger(0), leader(0)], &[0])
    };
    none_is_broken("adoption", &setup);
    let what = harm(&Setup {
        without: Without::CompleteList,
        labels_only: true,
        ..setup
    });
    assert!(what.starts_with("I2"), "{what}");
}

/// Every part of a process's life is a step of its own, and containers crash and start again.
#[test]
fn a_kubelet_that_lags_makes_no_two_leaders() {
    let setup = Setup {
        kubelet: Kubelet::Lagging,
        controllers: 1,
        faults: FORCED,
        ..small(vec![leader(0), leader(0)], &[0])
    };
    none_is_broken("lagging kubelet", &setup);
}
