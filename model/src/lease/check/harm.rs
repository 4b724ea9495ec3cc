//! What each part is for: taken out alone, it does harm that the lease as it is does not.

use super::super::take::{RULES, Rule};
use super::explore::explore;
use super::scenarios::{FAILOVER, NONE, SUSPENDED, bounded, foreign, none_is_broken, two, unled};
use super::setup::{Setup, Slot, Without, leader, terms, worker};
use rstest::rstest;

fn harm(setup: &Setup) -> &'static str {
    let found = explore(setup);
    let (what, events) = found
        .violation
        .expect("it is needed: without it something breaks");
    let (steps, states) = (events.len(), found.states);
    eprintln!("{what} after {steps} steps of {states} states: {events:?}");
    what
}

/// The invariant that a rule holds up, and where it can be seen to.
fn scenario(rule: Rule) -> Option<(&'static str, Setup)> {
    let (invariant, setup) = match rule {
        Rule::Format => return None,
        Rule::Owner => ("I1", two(leader(0), foreign())),
        Rule::AfterLeader => ("I4", two(leader(0), worker(1))),
        Rule::OneLeader => ("I2", two(leader(0), leader(0))),
        Rule::OneModel => ("I3", two(unled(0), unled(1))),
        Rule::OneMode => ("I3", two(leader(0), unled(0))),
    };
    Some((invariant, setup.with(NONE)))
}

#[rstest]
fn a_rule_taken_out_does_harm(
    #[values(
        Rule::Owner,
        Rule::AfterLeader,
        Rule::OneLeader,
        Rule::OneModel,
        Rule::OneMode
    )]
    rule: Rule,
) {
    let (invariant, setup) = scenario(rule).expect("there is a scenario");
    none_is_broken("with the rule", &setup);
    let what = harm(&setup.without_rule(rule));
    assert!(what.starts_with(invariant), "{what}");
}

/// All rows of the check have one form, so nothing here can tell what a later one means.
#[test]
fn every_rule_but_that_of_the_form_has_a_scenario() {
    let without: Vec<_> = RULES.iter().filter(|rule| scenario(**rule).is_none()).collect();
    assert_eq!(without, [&Rule::Format]);
}

#[rstest]
#[case::marks(Without::Marks)]
#[case::version(Without::Version)]
#[case::from_answer(Without::FromAnswer)]
#[case::from_sending(Without::FromSending)]
#[case::start_under_lease(Without::StartUnderLease)]
#[case::expiry(Without::Expiry)]
#[case::end_after_child(Without::EndAfterChild)]
fn a_part_taken_out_makes_two_leaders(#[case] without: Without) {
    let setup = two(leader(0), leader(0)).with(NONE);
    assert!(harm(&setup.without(without)).starts_with("I2"));
}

#[test]
fn a_clock_that_stands_still_makes_two_leaders() {
    let setup = two(leader(0), leader(0)).with(SUSPENDED);
    assert!(harm(&setup.without(Without::ClockRunsOn)).starts_with("I2"));
}

#[test]
fn a_taker_that_leaves_no_time_for_the_kill_makes_two_leaders() {
    let setup = Setup {
        takers: terms(2, 0),
        ..two(leader(0), leader(0)).with(NONE)
    };
    assert!(harm(&setup).starts_with("I2"));
}

#[test]
fn a_holder_that_gives_itself_more_time_makes_two_leaders() {
    let setup = Setup {
        holders: terms(4, 1),
        ..two(leader(0), leader(0)).with(NONE)
    };
    assert!(harm(&setup).starts_with("I2"));
}

/// As the uid of a pod would be, on a node that was made anew under the same name.
#[test]
fn an_instance_that_is_not_random_makes_two_leaders() {
    let mut setup = two(leader(0), leader(0)).with(NONE);
    setup.slots[1] = Slot {
        instance: 0,
        ..setup.slots[1]
    };
    assert!(harm(&setup).starts_with("I2"));
}

/// Longer than the bound, and indeed for ever.
#[test]
fn a_holder_that_does_not_mind_its_row_outlasts_the_bound() {
    let setup = bounded(two(leader(0), leader(0)).with(FAILOVER));
    assert!(harm(&setup.without(Without::GoneRow)).starts_with("I2"));
}

/// A failover takes a taker back, and the next one comes to the same number: both have their rows, and run on.
#[test]
#[ignore = "nightly: a minute, for three processes"]
fn a_version_that_counts_outlasts_the_bound() {
    let setup = Setup {
        prompt: true,
        ..bounded(Setup::new(&[leader(0), leader(0), leader(0)]).with(FAILOVER))
    };
    assert!(harm(&setup.without(Without::RandomVersion)).starts_with("I2"));
}

/// A holder that does not reach the second server goes on until its lease runs out: the bound is not that of
/// [`within reach`](super::scenarios).
#[test]
fn a_failover_out_of_reach_outlasts_the_next_renewal() {
    let setup = Setup {
        takers: terms(3, 1),
        holders: terms(3, 1),
        bound: 2,
        ..two(leader(0), leader(0)).with(FAILOVER)
    };
    assert!(harm(&setup).starts_with("I2"));
}
