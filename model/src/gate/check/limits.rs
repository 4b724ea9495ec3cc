//! What the gate cannot know: harm that comes about although every rule is kept. Each is a test, so that it is noticed
//! when it ends, and the page on invariants says it.

use super::harm::harm;
use super::scenarios::{LOST, synced};
use super::setup::{Setup, leader};

/// A claim that is made again after its loss knows the pods that run, and nothing of those that ended before: the way
/// back to an earlier model is open.
#[test]
fn a_lost_claim_forgets_which_models_led() {
    let setup = Setup {
        faults: LOST,
        ..synced(vec![leader(0), leader(1)], &[0, 1])
    };
    assert!(harm(&setup).starts_with("I4"));
}

/// No object says which of two models is the older one: what never led on a database counts as newer than all that did.
#[test]
fn a_model_that_never_led_counts_as_the_newest() {
    let setup = Setup {
        aged: true,
        ..synced(vec![leader(1), leader(2)], &[1, 2])
    };
    assert!(harm(&setup).starts_with("I4"));
}
