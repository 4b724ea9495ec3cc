//! What was explored without finding harm. The numbers of moments are shown with `--nocapture`.

use super::explore::explore;
use super::setup::{Kubelet, Setup, Slot, leader, stranger, worker};
use super::state::Faults;
use crate::crd::claim::ClaimState;
use rstest::rstest;

pub(super) const NONE: Faults = Faults {
    forced: 0,
    collected: 0,
    claim_lost: 0,
    stale_list: 0,
};
pub(super) const FORCED: Faults = Faults { forced: 1, ..NONE };
pub(super) const COLLECTED: Faults = Faults { collected: 1, ..NONE };
pub(super) const LOST: Faults = Faults {
    claim_lost: 1,
    ..NONE
};
pub(super) const STALE: Faults = Faults {
    stale_list: 1,
    ..NONE
};
/// Both ways in which a pod ends without its kubelet.
pub(super) const ENDED: Faults = Faults {
    forced: 1,
    collected: 1,
    ..NONE
};
const ALL: Faults = Faults {
    claim_lost: 1,
    stale_list: 1,
    ..ENDED
};

pub(super) fn none_is_broken(name: &str, setup: &Setup) {
    let found = explore(setup, |_| {});
    eprintln!("{name}, {:?}: {} states", setup.faults, found.states);
    assert_eq!(found.violation, None, "{name}");
}

pub(super) fn small(slots: Vec<Slot>, wanted: &[u8]) -> Setup {
    Setup {
        wanted: wanted.to_vec(),
        ..Setup::new(slots)
    }
}

/// As [`small`], with a leader of model `a` that was ready before.
pub(super) fn synced(slots: Vec<Slot>, wanted: &[u8]) -> Setup {
    Setup {
        synced: Some(0),
        ..small(slots, wanted)
    }
}

#[rstest]
#[case::nothing_fails(NONE)]
#[case::forced(FORCED)]
#[case::collected(COLLECTED)]
#[case::claim_lost(LOST)]
#[case::stale_list(STALE)]
#[case::all(ALL)]
fn two_leaders_of_one_model(#[case] faults: Faults) {
    let setup = small(vec![leader(0), leader(0)], &[0]);
    none_is_broken("two leaders", &setup.with(faults));
}

#[rstest]
#[case::nothing_fails(NONE)]
#[case::forced(FORCED)]
#[case::collected(COLLECTED)]
#[case::claim_lost(LOST)]
#[case::stale_list(STALE)]
fn a_new_model(#[case] faults: Faults) {
    let setup = synced(vec![leader(1), worker(0), worker(1)], &[0, 1]);
    none_is_broken("a new model", &setup.with(faults));
}

#[rstest]
#[case::nothing_fails(NONE)]
#[case::forced(FORCED)]
#[case::collected(COLLECTED)]
#[case::stale_list(STALE)]
fn back_and_forth(#[case] faults: Faults) {
    let setup = synced(vec![leader(0), leader(1), worker(0)], &[0, 1]);
    none_is_broken("back and forth", &setup.with(faults));
}

fn two_leaders_two_workers_three_models() -> Setup {
    synced(vec![leader(1), leader(2), worker(0), worker(1)], &[0, 1, 2])
}

#[rstest]
#[case::nothing_fails(NONE)]
#[case::forced(FORCED)]
#[case::collected(COLLECTED)]
#[case::claim_lost(LOST)]
fn two_of_each_and_three_models(#[case] faults: Faults) {
    let setup = two_leaders_two_workers_three_models().once();
    none_is_broken("two of each and three models", &setup.with(faults));
}

#[rstest]
#[case::nothing_fails(NONE)]
#[case::forced(FORCED)]
#[case::collected(COLLECTED)]
#[case::claim_lost(LOST)]
#[case::stale_list(STALE)]
#[ignore = "minutes: nightly"]
fn any_number_of_each_and_three_models(#[case] faults: Faults) {
    let setup = two_leaders_two_workers_three_models();
    none_is_broken("any number of each and three models", &setup.with(faults));
}

#[test]
#[ignore = "minutes: nightly"]
fn two_of_each_and_three_models_with_all_faults_but_a_lost_claim() {
    let setup = two_leaders_two_workers_three_models().once();
    let faults = Faults {
        stale_list: 1,
        ..ENDED
    };
    none_is_broken("two of each and three models", &setup.with(faults));
}

/// With any of them alone, and any two, as well: a fault may strike, and need not. Some 60 million moments and 3 GiB.
#[test]
#[ignore = "minutes: nightly"]
fn two_of_each_and_three_models_with_all_faults() {
    let setup = two_leaders_two_workers_three_models().once();
    none_is_broken("two of each and three models", &setup.with(ALL));
}

/// A process that was there before us bears no label: only a complete list shows it.
#[test]
fn adoption_waits_for_every_process() {
    let setup = Setup {
        claim: Some(ClaimState::Adopting),
        ..small(vec![stranger(0), leader(0)], &[0])
    };
    none_is_broken("adoption", &setup.with(STALE));
}

/// Every part of a process's life is a step of its own, and containers crash and start again.
#[rstest]
#[case::forced(FORCED)]
#[case::collected(COLLECTED)]
#[case::claim_lost(LOST)]
#[case::stale_list(STALE)]
fn a_kubelet_that_lags_makes_no_two_leaders(#[case] faults: Faults) {
    let setup = Setup {
        kubelet: Kubelet::Lagging,
        ..small(vec![leader(0), leader(0)], &[0])
    };
    none_is_broken("a kubelet that lags", &setup.with(faults));
}
