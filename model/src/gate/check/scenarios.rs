//! What was explored, and what each rule is for.

use super::explore::explore;
use super::setup::{Faults, Setup, Slot, Without, leader, pod, stranger, worker};
use crate::crd::claim::{ClaimState, Role};
use crate::crd::common::LeaderSelection;
use rstest::rstest;

const ALL_FAULTS: Faults = Faults {
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

#[test]
fn two_leaders_of_one_model_with_all_faults() {
    let setup = Setup {
        faults: ALL_FAULTS,
        ..small(vec![leader(0), leader(0)], &[0])
    };
    none_is_broken("two leaders", &setup);
}

#[test]
fn a_new_model_with_leaders_and_workers() {
    let setup = small(vec![leader(0), leader(1), worker(0), worker(1)], &[0, 1]);
    none_is_broken(
        "new model",
        &Setup {
            controllers: 1,
            ..setup
        },
    );
}

#[rstest]
#[case::one_leader("MX011", "I2", small(vec![leader(0), leader(0)], &[0]))]
#[case::one_model("MX010", "I3", synced(vec![worker(0), leader(1)], &[0, 1]))]
#[case::no_return("MX009", "I4", synced(vec![leader(1), leader(0)], &[1, 0]))]
#[case::schema("MX012", "I4", small(vec![leader(1), worker(0)], &[1, 0]))]
fn a_condition_taken_out_does_harm(#[case] id: &str, #[case] invariant: &str, #[case] setup: Setup) {
    let what = harm(&setup.without_condition(id));
    assert!(what.starts_with(invariant), "{what}");
}
