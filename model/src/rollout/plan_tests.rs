use super::*;
use crate::crd::claim::{ClaimState, DatabaseClaimSpec, Owner};
use crate::crd::common::LeaderSelection;
use crate::gate::{Claim, Database};
use rstest::rstest;
use std::collections::BTreeSet;

fn pod(uid: &str, role: Role, model: &str, gate: Gate) -> Pod {
    Pod {
        uid: uid.to_owned(),
        name: uid.to_owned(),
        role,
        model: Some(model.to_owned()),
        gate,
        mark: None,
        finalizer: gate == Gate::Open,
        deleted: false,
        ended: false,
        started: false,
        ready: false,
        database: Database::Claimed,
        contradiction: None,
        synchronises: false,
        outdated: None,
    }
}

fn situation(wanted: Option<&str>, pods: Vec<Pod>) -> Situation {
    let record = DatabaseClaimSpec {
        state: ClaimState::Held,
        ..DatabaseClaimSpec::born(Owner::default(), LeaderSelection::Assigned)
    };
    Situation {
        owner: Owner::default(),
        mode: LeaderSelection::Assigned,
        wanted: wanted.map(ToOwned::to_owned),
        claim: Some(Claim {
            uid: "claim".to_owned(),
            record,
        }),
        pods,
        gone: BTreeSet::new(),
        complete: true,
        restored: None,
        adopt: None,
    }
}

fn deleted(situation: &Situation) -> Vec<String> {
    plan(situation).into_iter().map(|it| it.uid).collect()
}

fn outdated(how: Outdated, pod: Pod) -> Pod {
    Pod {
        outdated: Some(how),
        ..pod
    }
}

#[rstest]
#[case::another_model(Some("b"), pod("1", Role::Worker, "a", Gate::Open), true)]
#[case::the_wanted_model(Some("a"), pod("1", Role::Worker, "a", Gate::Open), false)]
#[case::not_yet_known_what_is_wanted(None, pod("1", Role::Worker, "a", Gate::Open), false)]
#[case::waiting_at_the_gate(Some("b"), pod("1", Role::Worker, "a", Gate::Closed), false)]
#[case::unknown_model(Some("b"), Pod { model: None, ..pod("1", Role::Worker, "a", Gate::Open) }, false)]
fn pods_of_another_model_make_way(#[case] wanted: Option<&str>, #[case] pod: Pod, #[case] goes: bool) {
    assert_eq!(!deleted(&situation(wanted, vec![pod])).is_empty(), goes);
}

/// It serves meanwhile, and nobody is served any sooner without it.
#[rstest]
#[case::a_worker_runs(pod("worker", Role::Worker, "a", Gate::Open), &["worker"])]
#[case::a_worker_ends(Pod { deleted: true, ..pod("worker", Role::Worker, "a", Gate::Open) }, &[])]
#[case::it_has_ended(
    Pod { deleted: true, ended: true, ..pod("worker", Role::Worker, "a", Gate::Open) }, &["leader"]
)]
#[case::it_never_started(pod("worker", Role::Worker, "a", Gate::Closed), &["leader"])]
#[case::it_is_of_the_wanted_model(pod("worker", Role::Worker, "b", Gate::Open), &["leader"])]
fn a_leader_of_another_model_goes_after_its_workers(#[case] worker: Pod, #[case] expected: &[&str]) {
    let leader = pod("leader", Role::Leader, "a", Gate::Open);
    assert_eq!(deleted(&situation(Some("b"), vec![leader, worker])), expected);
}

/// Otherwise a rolling update waits for the new leader, and the new leader for the old one. One that could not start
/// anyway is waited for, and not for ever made room for.
#[rstest]
#[case::successor_waits(pod("new", Role::Leader, "a", Gate::Closed), &["old"])]
#[case::for_others_too(pod("new", Role::Leader, "a", Gate::ClosedWithOthers), &[])]
#[case::for_its_image(Pod { model: None, ..pod("new", Role::Leader, "a", Gate::Closed) }, &[])]
#[case::on_another_database(
    Pod { database: Database::Other("crm".to_owned()), ..pod("new", Role::Leader, "a", Gate::Closed) }, &[]
)]
#[case::outdated_as_well(outdated(Outdated::Replaced, pod("new", Role::Leader, "a", Gate::Closed)), &[])]
fn an_outdated_leader_makes_way_for_one_that_would_start(#[case] successor: Pod, #[case] expected: &[&str]) {
    let old = outdated(Outdated::Replaced, pod("old", Role::Leader, "a", Gate::Open));
    assert_eq!(deleted(&situation(Some("a"), vec![old, successor])), expected);
}

/// Labels were added to a running workload: its earlier pods are made again, without the gate, as often as they are
/// deleted.
#[test]
fn an_outdated_pod_without_a_role_is_left_alone() {
    let pods = vec![
        Pod {
            model: None,
            outdated: Some(Outdated::Replaced),
            ..pod("old", Role::Unknown, "a", Gate::Open)
        },
        pod("new", Role::Leader, "a", Gate::Closed),
    ];
    assert!(deleted(&situation(Some("a"), pods)).is_empty());
}

#[rstest]
#[case::taken_away_by_its_deployment(Outdated::Replaced, &[])]
#[case::kept_by_its_stateful_set(Outdated::Stuck, &["1"])]
fn an_outdated_pod_at_the_gate(#[case] how: Outdated, #[case] expected: &[&str]) {
    let waiting = outdated(how, pod("1", Role::Leader, "a", Gate::Closed));
    assert_eq!(deleted(&situation(Some("a"), vec![waiting])), expected);
}

/// A copied Secret: what runs on the database is the other environment's, and none of ours would start for it.
#[test]
fn nothing_makes_way_on_the_database_of_another_environment() {
    let pods = vec![
        pod("theirs", Role::Leader, "a", Gate::Open),
        pod("ours", Role::Leader, "b", Gate::Closed),
    ];
    let mut situation = situation(Some("b"), pods);
    assert_eq!(deleted(&situation), ["theirs"]);
    situation.owner.environment = "copy".to_owned();
    assert!(deleted(&situation).is_empty());
    // One that waits at the gate runs nothing; its StatefulSet may have another database by now.
    situation.pods[1].outdated = Some(Outdated::Stuck);
    assert_eq!(deleted(&situation), ["ours"]);
}
