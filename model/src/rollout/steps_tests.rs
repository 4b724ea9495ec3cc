use super::super::order::Inputs;
use super::*;
use crate::crd::common::LeaderSelection;
use rstest::rstest;

fn identity(model: &str) -> Identity {
    Identity {
        model: model.to_owned(),
        leader_selection: "assigned".to_owned(),
    }
}

fn seen(model: &str, input: &str, replicas: i32) -> Seen {
    Seen {
        identity: identity(model),
        input: input.to_owned(),
        replicas,
        observed: true,
        ready: replicas > 0,
        serves: replicas > 0,
        rolls: true,
    }
}

/// An app of this model with these settings, of which another model, other settings or another number is wanted.
fn situation(there: Option<(&str, i32)>, model: &str, input: &str, replicas: i32) -> Situation {
    let workers = there.map_or(0, |(_, replicas)| (replicas - 1).max(0));
    Situation {
        wanted: identity(model),
        inputs: Inputs {
            leader: input.to_owned(),
            worker: input.to_owned(),
        },
        mode: LeaderSelection::Assigned,
        replicas,
        in_memory: false,
        may_surge: true,
        drained: false,
        leader: there.map(|(model, replicas)| seen(model, "old", replicas.min(1))),
        worker: there.map(|(model, _)| seen(model, "old", workers)),
        leader_pods: there.map_or_else(Vec::new, |(model, replicas)| {
            pods(&identity(model), replicas.min(1))
        }),
        worker_pods: there.map_or_else(Vec::new, |(model, _)| pods(&identity(model), workers)),
    }
}

#[rstest]
#[case::nothing_to_do(situation(Some(("a", 3)), "a", "old", 3), &[])]
#[case::first(situation(None, "a", "old", 3), &["the leader starts and updates the database", "workers start: 2"])]
#[case::another_model(
    situation(Some(("a", 3)), "b", "new", 3),
    &["workers end: 2", "the leader ends; the next one starts and updates the database", "workers start: 2"]
)]
#[case::settings(
    situation(Some(("a", 3)), "a", "new", 3),
    &["workers are replaced one after the other: 2", "the leader is replaced"]
)]
#[case::settings_of_one_pod(
    situation(Some(("a", 1)), "a", "new", 1),
    &["workers start: 1", "the leader is replaced", "workers end: 1"]
)]
#[case::more(situation(Some(("a", 2)), "a", "old", 4), &["workers become 3 instead of 1"])]
#[case::stop(situation(Some(("a", 3)), "a", "old", 0), &["workers end: 2", "the leader ends"])]
fn the_steps_are_told(#[case] situation: Situation, #[case] expected: &[&str]) {
    let told: Vec<_> = steps(situation)
        .iter()
        .map(|step| step.action.to_string())
        .collect();
    assert_eq!(told, expected);
}

#[rstest]
#[case::another_model(situation(Some(("a", 3)), "b", "new", 3), false)]
#[case::settings(situation(Some(("a", 3)), "a", "new", 3), true)]
#[case::settings_of_one_pod(situation(Some(("a", 1)), "a", "new", 1), true)]
#[case::downtime_is_allowed(Situation { may_surge: false, ..situation(Some(("a", 1)), "a", "new", 1) }, false)]
fn it_is_told_whether_somebody_serves_all_the_time(#[case] situation: Situation, #[case] expected: bool) {
    assert_eq!(steps(situation).iter().all(|step| step.serves), expected);
}
