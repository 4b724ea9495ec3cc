//! What was explored without finding harm. The numbers of moments are shown with `--nocapture`.

use super::explore::explore;
use super::setup::{Setup, Slot, leader, worker};
use super::state::Faults;
use crate::crd::common::LeaderSelection;
use rstest::rstest;

pub(super) const NONE: Faults = Faults {
    killed: 0,
    suspended: 0,
    lost: 0,
    failover: 0,
    asked: 1,
};
pub(super) const KILLED: Faults = Faults { killed: 1, ..NONE };
pub(super) const SUSPENDED: Faults = Faults { suspended: 1, ..NONE };
pub(super) const LOST: Faults = Faults { lost: 1, ..NONE };
pub(super) const FAILOVER: Faults = Faults { failover: 1, ..NONE };

pub(super) fn none_is_broken(name: &str, setup: &Setup) {
    let found = explore(setup);
    eprintln!(
        "{name}, {:?}: {} states, overlap {:?}",
        setup.faults, found.states, found.overlap
    );
    assert_eq!(found.violation, None, "{name}");
}

/// Also a partition: what was sent may stay under way for ever.
#[rstest]
#[case::nothing_fails(NONE)]
#[case::killed(KILLED)]
#[case::suspended(SUSPENDED)]
#[case::lost(LOST)]
fn two_leaders(#[case] faults: Faults) {
    none_is_broken("two leaders", &two(leader(0), leader(0)).with(faults));
}

#[rstest]
#[case::nothing_fails(NONE)]
#[case::killed(KILLED)]
#[case::suspended(SUSPENDED)]
#[case::lost(LOST)]
fn a_worker_and_its_leader(#[case] faults: Faults) {
    none_is_broken("a worker", &two(leader(1), worker(1)).with(faults));
}

#[rstest]
#[case::killed(KILLED)]
#[case::lost(LOST)]
fn another_mode(#[case] faults: Faults) {
    none_is_broken("another mode", &two(leader(0), unled(0)).with(faults));
}

#[rstest]
#[case::killed(KILLED)]
#[case::lost(LOST)]
fn another_environment(#[case] faults: Faults) {
    none_is_broken("another environment", &two(leader(0), foreign()).with(faults));
}

/// Often enough to cut a process off for as long as it lives.
#[rstest]
#[case::cut_off(Faults { lost: 3, ..NONE })]
#[case::all(Faults { killed: 1, suspended: 1, lost: 2, ..NONE })]
#[ignore = "nightly: minutes"]
fn two_leaders_at_length(#[case] faults: Faults) {
    none_is_broken("two leaders", &two(leader(0), leader(0)).with(faults));
}

#[rstest]
#[case::killed(KILLED)]
#[case::suspended(SUSPENDED)]
#[ignore = "nightly: a minute or more, for three processes"]
fn a_new_model(#[case] faults: Faults) {
    let setup = Setup::new(&[leader(0), leader(1), worker(0)]);
    none_is_broken("a new model", &setup.with(faults));
}

/// The bound that status prints: no failover makes two run for longer.
#[rstest]
#[case::failover(FAILOVER)]
#[case::killed(Faults { killed: 1, ..FAILOVER })]
fn a_failover_keeps_to_the_bound(#[case] faults: Faults) {
    none_is_broken("failover", &bounded(two(leader(0), leader(0)).with(faults)));
}

/// While the database can be reached, the next renewal tells the holder: an interval and the time of the kill.
#[test]
fn a_failover_within_reach_is_seen_at_the_next_renewal() {
    let setup = Setup {
        prompt: true,
        bound: 2,
        ..two(leader(0), leader(0)).with(FAILOVER)
    };
    none_is_broken("failover within reach", &setup);
}

pub(super) fn bounded(setup: Setup) -> Setup {
    let bound = u8::try_from(setup.holders.bound().as_secs()).unwrap_or_default();
    Setup { bound, ..setup }
}

pub(super) fn two(one: Slot, other: Slot) -> Setup {
    Setup::new(&[one, other])
}

/// A process of an environment that nobody leads.
pub(super) fn unled(model: u8) -> Slot {
    Slot {
        mode: LeaderSelection::None,
        ..worker(model)
    }
}

pub(super) fn foreign() -> Slot {
    Slot {
        owner: 1,
        ..leader(0)
    }
}
