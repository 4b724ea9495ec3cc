use super::*;
use rstest::rstest;

pub(super) fn identity(model: &str, mode: LeaderSelection) -> Identity {
    Identity {
        model: model.to_owned(),
        leader_selection: format!("{mode:?}"),
    }
}

fn seen(model: &str, replicas: i32, ready: bool) -> Seen {
    Seen {
        identity: identity(model, LeaderSelection::Assigned),
        replicas,
        observed: true,
        ready,
        serves: ready,
        rolls: false,
        input: "new".to_owned(),
    }
}

/// The same with earlier settings.
fn earlier(seen: Seen) -> Seen {
    Seen {
        input: "old".to_owned(),
        ..seen
    }
}

fn situation(leader: Option<Seen>, worker: Option<Seen>, worker_pods: &[&str]) -> Situation {
    Situation {
        wanted: identity("b", LeaderSelection::Assigned),
        inputs: Inputs {
            leader: "new".to_owned(),
            worker: "new".to_owned(),
        },
        mode: LeaderSelection::Assigned,
        replicas: 3,
        in_memory: false,
        may_surge: true,
        drained: false,
        leader,
        worker,
        leader_pods: Vec::new(),
        worker_pods: worker_pods
            .iter()
            .map(|model| identity(model, LeaderSelection::Assigned))
            .collect(),
    }
}

const HELD: Option<i32> = None;

#[rstest]
#[case::nothing_there(situation(None, None, &[]), Some(1), Some(0))]
#[case::leader_starts(situation(Some(seen("b", 1, false)), Some(seen("b", 0, false)), &[]), Some(1), Some(0))]
#[case::leader_ready(situation(Some(seen("b", 1, true)), Some(seen("b", 0, false)), &[]), Some(1), Some(2))]
#[case::leader_restarts(situation(Some(seen("b", 1, false)), Some(seen("b", 2, true)), &["b"]), Some(1), Some(2))]
#[case::old_model(situation(Some(seen("a", 1, true)), Some(seen("a", 2, true)), &["a"]), HELD, Some(0))]
#[case::old_workers_end(situation(Some(seen("a", 1, true)), Some(seen("b", 0, false)), &["a"]), HELD, Some(0))]
#[case::old_workers_gone(situation(Some(seen("a", 1, true)), Some(seen("b", 0, false)), &[]), Some(1), Some(0))]
#[case::old_workers_may_return(
    situation(Some(seen("a", 1, true)), Some(Seen { observed: false, ..seen("b", 0, false) }), &[]), HELD, Some(0)
)]
fn leader_and_workers_follow_each_other(
    #[case] situation: Situation,
    #[case] leader: Option<i32>,
    #[case] worker: Option<i32>,
) {
    assert_eq!(scales(&situation), (leader, worker));
}

fn scales(situation: &Situation) -> (Option<i32>, Option<i32>) {
    let scale = |target: &Target| match target {
        Target::Scale(replicas) => Some(*replicas),
        Target::Hold(_) => None,
    };
    let targets = targets(situation);
    (scale(&targets.leader), scale(&targets.worker))
}

/// Somebody serves at every moment.
#[rstest]
#[case::workers_first(3, earlier(seen("b", 1, true)), earlier(seen("b", 2, true)), (HELD, Some(2)))]
#[case::workers_roll(3, earlier(seen("b", 1, true)), Seen { ready: false, ..seen("b", 2, true) }, (HELD, Some(2)))]
#[case::then_the_leader(3, earlier(seen("b", 1, true)), seen("b", 2, true), (Some(1), Some(2)))]
#[case::nobody_to_wait_for(3, earlier(seen("b", 1, false)), seen("b", 2, false), (Some(1), Some(2)))]
#[case::one_pod_gets_a_second(1, earlier(seen("b", 1, true)), seen("b", 0, false), (HELD, Some(1)))]
#[case::which_must_serve(1, earlier(seen("b", 1, true)), seen("b", 1, false), (HELD, Some(1)))]
#[case::before_it_is_replaced(1, earlier(seen("b", 1, true)), seen("b", 1, true), (Some(1), Some(1)))]
#[case::and_until_it_serves(1, seen("b", 1, false), seen("b", 1, true), (Some(1), Some(1)))]
#[case::no_longer(1, seen("b", 1, true), seen("b", 1, true), (Some(1), Some(0)))]
#[case::a_first_start_needs_none(1, seen("b", 1, false), seen("b", 0, false), (Some(1), Some(0)))]
fn new_settings_are_rolled_out_while_somebody_serves(
    #[case] replicas: i32,
    #[case] leader: Seen,
    #[case] worker: Seen,
    #[case] expected: (Option<i32>, Option<i32>),
) {
    let situation = Situation {
        replicas,
        ..situation(Some(leader), Some(worker), &[])
    };
    assert_eq!(scales(&situation), expected);
}

#[rstest]
#[case::downtime_is_allowed(false, false)]
#[case::database_in_memory(false, true)]
fn a_pod_that_may_not_be_surged_is_replaced_at_once(#[case] may_surge: bool, #[case] in_memory: bool) {
    let situation = Situation {
        replicas: 1,
        may_surge,
        in_memory,
        ..situation(Some(earlier(seen("b", 1, true))), Some(seen("b", 0, false)), &[])
    };
    assert_eq!(scales(&situation), (Some(1), Some(0)));
}

/// A drain goes on once another pod serves.
#[rstest]
#[case::a_worker_comes(seen("b", 1, true), seen("b", 0, false), true, (Some(1), Some(1)))]
#[case::and_stays(seen("b", 1, true), seen("b", 1, true), true, (Some(1), Some(1)))]
#[case::while_the_leader_moves(seen("b", 1, false), seen("b", 1, true), true, (Some(1), Some(1)))]
#[case::until_it_serves(seen("b", 1, false), seen("b", 1, true), false, (Some(1), Some(1)))]
#[case::no_longer(seen("b", 1, true), seen("b", 1, true), false, (Some(1), Some(0)))]
#[case::not_before_a_leader(seen("b", 1, false), seen("b", 0, false), true, (Some(1), Some(0)))]
fn a_leader_that_is_alone_moves_while_a_worker_serves(
    #[case] leader: Seen,
    #[case] worker: Seen,
    #[case] drained: bool,
    #[case] expected: (Option<i32>, Option<i32>),
) {
    let situation = Situation {
        replicas: 1,
        drained,
        ..situation(Some(leader), Some(worker), &[])
    };
    assert_eq!(scales(&situation), expected);
}

#[rstest]
#[case::one(1, true, 2)]
#[case::no_surge_allowed(1, false, 1)]
#[case::several(3, true, 3)]
fn a_worker_that_is_alone_moves_while_another_serves(
    #[case] replicas: i32,
    #[case] may_surge: bool,
    #[case] expected: i32,
) {
    let situation = Situation {
        wanted: identity("b", LeaderSelection::None),
        mode: LeaderSelection::None,
        replicas,
        may_surge,
        drained: true,
        ..situation(None, None, &[])
    };
    assert_eq!(scales(&situation).1, Some(expected));
}

#[rstest]
#[case::same_model("b", &["b"], true)]
#[case::earlier_pods("b", &["a"], false)]
#[case::earlier_model("a", &["a"], false)]
fn workers_of_another_model_are_recreated(
    #[case] model: &str,
    #[case] pods: &[&str],
    #[case] expected: bool,
) {
    let situation = situation(Some(seen("b", 1, true)), Some(seen(model, 2, true)), pods);
    assert_eq!(rolls(&situation), expected);
}

#[rstest]
#[case::assigned(LeaderSelection::Assigned, false, 3, (1, 2))]
#[case::one(LeaderSelection::Assigned, false, 1, (1, 0))]
#[case::stopped(LeaderSelection::Assigned, false, 0, (0, 0))]
#[case::in_memory(LeaderSelection::Assigned, true, 3, (1, 0))]
#[case::none(LeaderSelection::None, false, 3, (0, 3))]
fn replicas_are_shared_out(
    #[case] mode: LeaderSelection,
    #[case] in_memory: bool,
    #[case] replicas: i32,
    #[case] expected: (i32, i32),
) {
    let situation = Situation {
        mode,
        replicas,
        in_memory,
        ..situation(None, None, &[])
    };
    assert_eq!(wanted(&situation), expected);
}
