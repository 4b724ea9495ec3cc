use super::*;
use crate::crd::claim::{ModelSeen, Owner, Role, Schema, SchemaState};
use crate::crd::common::LeaderSelection;
use crate::gate::situation::{Database, Outdated, Restore};
use rstest::rstest;
use std::collections::BTreeSet;

fn owner(environment: &str) -> Owner {
    Owner {
        environment: environment.to_owned(),
        ..Owner::default()
    }
}

fn pod(uid: &str, role: Role, model: &str) -> Pod {
    Pod {
        uid: uid.to_owned(),
        name: format!("pod-{uid}"),
        role,
        model: Some(model.to_owned()),
        gate: Gate::Closed,
        mark: None,
        finalizer: false,
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

/// A held claim of which models `a` and `b` were ready, in this order.
fn record() -> DatabaseClaimSpec {
    let seen = |model: &str| ModelSeen {
        model: model.to_owned(),
        started: true,
        ready: true,
    };
    DatabaseClaimSpec {
        state: ClaimState::Held,
        model: Some("b".to_owned()),
        schema: Some(Schema {
            model: "b".to_owned(),
            state: SchemaState::Synced,
        }),
        models: vec![seen("a"), seen("b")],
        ..DatabaseClaimSpec::born(owner("shop"), LeaderSelection::Assigned)
    }
}

fn situation(record: DatabaseClaimSpec, pods: Vec<Pod>) -> Situation {
    Situation {
        owner: owner("shop"),
        mode: LeaderSelection::Assigned,
        wanted: None,
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

fn rules(decision: &Decision) -> Vec<&'static str> {
    decision.held.iter().map(|held| held.hold.rule).collect()
}

#[rstest]
#[case::free(pod("1", Role::Leader, "b"), None)]
#[case::worker_on_its_schema(pod("1", Role::Worker, "b"), None)]
#[case::new_model(pod("1", Role::Leader, "c"), None)]
#[case::worker_before_its_leader(pod("1", Role::Worker, "c"), Some("MX012"))]
#[case::going_back(pod("1", Role::Leader, "a"), Some("MX009"))]
#[case::peer_among_assigned(pod("1", Role::Peer, "b"), Some("MX007"))]
#[case::another_gate(Pod { gate: Gate::ClosedWithOthers, ..pod("1", Role::Leader, "b") }, Some("MX013"))]
#[case::unknown_model(Pod { model: None, ..pod("1", Role::Leader, "b") }, Some("MX006"))]
#[case::another_database(Pod { database: Database::Other(String::new()), ..pod("1", Role::Leader, "b") }, Some("MX005"))]
#[case::contradiction(Pod { contradiction: Some(String::new()), ..pod("1", Role::Leader, "b") }, Some("MX004"))]
fn a_pod_at_the_gate(#[case] pod: Pod, #[case] expected: Option<&str>) {
    let decision = decide(&situation(record(), vec![pod]));
    assert_eq!(rules(&decision), expected.into_iter().collect::<Vec<_>>());
    let entered = decision.record.is_some_and(|record| record.entry("1").is_some());
    assert_eq!(entered, expected.is_none());
}

#[test]
fn nothing_opens_before_the_written_claim_says_so() {
    let decision = decide(&situation(record(), vec![pod("1", Role::Leader, "b")]));
    assert_eq!(decision.steps, []);
    let written = decision.record.expect("an entry");
    let decision = decide(&situation(written, vec![pod("1", Role::Leader, "b")]));
    assert_eq!(
        (decision.record, decision.steps),
        (None, vec![Step::Open("1".to_owned())])
    );
}

#[test]
fn of_two_leaders_one_is_entered_and_no_worker_with_it() {
    let pods = vec![
        pod("3", Role::Worker, "b"),
        pod("1", Role::Leader, "b"),
        pod("2", Role::Leader, "b"),
    ];
    let decision = decide(&situation(record(), pods));
    assert_eq!(rules(&decision), ["MX011", "MX012"]);
}

#[test]
fn a_pod_whose_image_changed_since_it_was_entered_is_deleted() {
    let mut record = record();
    record.open(&pod("1", Role::Leader, "b"), LeaderSelection::Assigned);
    let decision = decide(&situation(record, vec![pod("1", Role::Leader, "c")]));
    assert_eq!(decision.steps, [Step::Void("1".to_owned())]);
}

#[test]
fn a_model_of_which_nothing_started_is_forgotten_and_the_earlier_one_may_run() {
    let mut record = record();
    let never = Pod {
        deleted: true,
        ended: true,
        ..pod("1", Role::Leader, "c")
    };
    record.open(&never, LeaderSelection::Assigned);
    let decision = decide(&situation(record, vec![never, pod("2", Role::Leader, "b")]));
    let next = decision.record.expect("a release");
    assert_eq!(next.models.last().map(|seen| seen.model.as_str()), Some("b"));
    assert!(next.entry("2").is_some());
}

#[test]
fn a_model_that_may_have_started_bars_the_way_back() {
    let mut record = record();
    let started = Pod {
        deleted: true,
        ended: true,
        started: true,
        ..pod("1", Role::Leader, "c")
    };
    record.open(&started, LeaderSelection::Assigned);
    let decision = decide(&situation(record, vec![started, pod("2", Role::Leader, "b")]));
    assert_eq!(rules(&decision), ["MX009"]);
}

#[test]
fn a_declared_restore_opens_the_way_back_once() {
    let restored = |record: DatabaseClaimSpec| Situation {
        restored: Some(Restore {
            id: "1".to_owned(),
            model: "a".to_owned(),
        }),
        ..situation(record, vec![pod("1", Role::Leader, "a")])
    };
    let next = decide(&restored(record())).record.expect("the restore");
    assert!(next.entry("1").is_some());
    assert_eq!(next.models.len(), 1);
    assert_eq!(decide(&restored(next)).record, None);
}

#[test]
fn the_claim_of_another_environment_is_not_touched() {
    let foreign = DatabaseClaimSpec {
        owner: owner("crm"),
        ..record()
    };
    let decision = decide(&situation(foreign, vec![pod("1", Role::Leader, "b")]));
    assert_eq!((decision.record.is_none(), decision.steps.len()), (true, 0));
    assert_eq!(rules(&decision), ["MX001"]);
}

#[rstest]
#[case::idle(&[], "here", true)]
#[case::a_pod_may_run(&["9"], "here", false)]
#[case::of_another_cluster(&["9"], "there", true)]
fn a_database_is_taken_over_by_a_persons_word(
    #[case] opened: &[&str],
    #[case] cluster: &str,
    #[case] taken: bool,
) {
    let mut foreign = record();
    for uid in opened {
        foreign.open(&pod(uid, Role::Leader, "b"), LeaderSelection::Assigned);
    }
    foreign.owner = Owner {
        cluster: cluster.to_owned(),
        ..owner("crm")
    };
    let mut situation = situation(foreign, vec![pod("1", Role::Leader, "a")]);
    situation.owner.cluster = "here".to_owned();
    situation.adopt = Some("word".to_owned());
    let decision = decide(&situation);
    assert_eq!(decision.record.is_some(), taken);
    let Some(next) = decision.record else { return };
    assert_eq!(
        (&next.owner, next.state),
        (&situation.owner, ClaimState::Adopting)
    );
    assert_eq!(
        (next.opened.len(), next.models.len()),
        (0, 2),
        "what was learnt of the schema stays"
    );
}

#[test]
fn a_claim_of_a_later_form_is_not_guessed_at() {
    let later = DatabaseClaimSpec {
        format_version: FORMAT_VERSION + 1,
        ..record()
    };
    let decision = decide(&situation(later, vec![pod("1", Role::Leader, "b")]));
    assert_eq!((decision.record.is_none(), decision.steps.len()), (true, 0));
    assert_eq!(rules(&decision), ["MX014"]);
}

#[test]
fn without_a_claim_one_is_made_and_it_adopts() {
    let none = Situation {
        claim: None,
        ..situation(record(), vec![pod("1", Role::Leader, "b")])
    };
    let made = decide(&none).record.expect("a claim");
    assert_eq!((made.state, made.opened.len()), (ClaimState::Adopting, 0));
}

/// A leader that ended before the claim was made again: its finalizer is the last trace of the model.
#[rstest]
#[case::changed_the_schema(Pod { started: true, ..pod("1", Role::Leader, "b") }, &["b"])]
#[case::never_started(pod("1", Role::Leader, "b"), &[])]
#[case::worker(Pod { started: true, ..pod("1", Role::Worker, "b") }, &[])]
fn a_claim_made_again_learns_from_pods_that_ended(#[case] pod: Pod, #[case] expected: &[&str]) {
    let born = DatabaseClaimSpec::born(owner("shop"), LeaderSelection::Assigned);
    let ended = Pod {
        gate: Gate::Open,
        finalizer: true,
        ended: true,
        ..pod
    };
    let decision = decide(&situation(born.clone(), vec![ended]));
    let record = decision.record.unwrap_or(born);
    let models: Vec<_> = record.models.iter().map(|seen| seen.model.as_str()).collect();
    assert_eq!(models, expected);
}

#[test]
fn adopting_ends_when_gated_pods_are_marked_and_others_tracked() {
    let adopting = DatabaseClaimSpec::born(owner("shop"), LeaderSelection::Assigned);
    let running = Pod {
        gate: Gate::Open,
        started: true,
        ..pod("1", Role::Leader, "a")
    };
    let found = decide(&situation(
        adopting,
        vec![running.clone(), pod("2", Role::Worker, "a")],
    ));
    assert_eq!(found.steps, [Step::Mark("2".to_owned())]);
    let entered = found.record.expect("the running pod");
    let decision = decide(&situation(entered.clone(), vec![running.clone()]));
    assert_eq!(decision.steps, [Step::Track("1".to_owned())]);
    let tracked = Pod {
        finalizer: true,
        ..running
    };
    let marked = Pod {
        mark: Some("claim".to_owned()),
        ..pod("2", Role::Worker, "a")
    };
    let held = decide(&situation(entered, vec![tracked, marked]))
        .record
        .expect("held");
    assert_eq!(held.state, ClaimState::Held);
}

/// A rolling update makes a new pod of the old template for each that makes way: were it let in, it would have to make way
/// again, as often as chance has it.
#[rstest]
#[case::current_is_last("z", "a")]
#[case::current_is_first("a", "z")]
fn of_two_leaders_that_wait_the_one_of_the_current_template_is_let_in(
    #[case] current: &str,
    #[case] earlier: &str,
) {
    let earlier = Pod {
        outdated: Some(Outdated::Replaced),
        ..pod(earlier, Role::Leader, "b")
    };
    let pods = vec![earlier, pod(current, Role::Leader, "b")];
    let record = decide(&situation(record(), pods)).record.expect("a change");
    let opened: Vec<_> = record.opened.iter().map(|it| it.uid.as_str()).collect();
    assert_eq!(opened, [current]);
}
