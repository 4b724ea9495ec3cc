use super::super::time::TERMS;
use super::*;
use crate::crd::common::LeaderSelection;
use crate::names::Role;
use rstest::rstest;
use std::time::Duration;

pub(in super::super) fn owner(cluster: &str) -> Owner {
    Owner {
        cluster: cluster.to_owned(),
        namespace: "shop".to_owned(),
        environment: "till".to_owned(),
    }
}

pub(in super::super) fn rows(processes: Vec<Row>) -> Rows {
    let record = Some(Record {
        format: FORMAT,
        owner: owner("here"),
        model: "a".to_owned(),
        mode: LeaderSelection::Assigned,
        version: "7".to_owned(),
        adopted: None,
    });
    Rows { record, processes }
}

fn row(role: Role, instance: &str, model: &str) -> Row {
    Row {
        instance: instance.to_owned(),
        pod: format!("pod-{instance}"),
        role,
        model: model.to_owned(),
        mark: format!("mark-{instance}"),
        ended: false,
    }
}

pub(in super::super) fn leader(instance: &str, model: &str) -> Row {
    row(Role::Leader, instance, model)
}

fn worker(instance: &str, model: &str) -> Row {
    row(Role::Worker, instance, model)
}

fn taker(role: Role, model: &str) -> Process {
    Process {
        instance: "own".to_owned(),
        pod: "pod-own".to_owned(),
        owner: owner("here"),
        role,
        mode: LeaderSelection::Assigned,
        model: model.to_owned(),
        adopt: None,
    }
}

fn second(second: u64) -> Moment {
    Moment(Duration::from_secs(second))
}

/// At second `now`, having read the same rows since second 0.
fn at(now: u64, process: &Process, rows: &Rows) -> Verdict {
    let mut watch = Watch::default();
    watch.see(rows, second(0));
    decide(&TERMS, process, rows, &watch, second(now))
}

fn takes(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Take(_))
}

#[rstest]
#[case::leader_and_leader(taker(Role::Leader, "a"), leader("x", "a"), false)]
#[case::leader_and_worker(taker(Role::Leader, "a"), worker("x", "a"), true)]
#[case::worker_and_leader(taker(Role::Worker, "a"), leader("x", "a"), true)]
#[case::worker_and_worker(taker(Role::Worker, "a"), worker("x", "a"), true)]
#[case::leader_of_another_model(taker(Role::Leader, "b"), worker("x", "a"), false)]
#[case::worker_beside_another_model(taker(Role::Worker, "a"), worker("x", "b"), false)]
fn who_waits_for_whom(#[case] process: Process, #[case] other: Row, #[case] starts: bool) {
    let rows = rows(vec![other]);
    assert_eq!(takes(&at(19, &process, &rows)), starts);
    assert!(takes(&at(20, &process, &rows)));
}

#[test]
fn whoever_said_that_it_has_ended_is_no_hindrance() {
    let mut other = leader("x", "b");
    other.ended = true;
    let expected = Take {
        version: Some("7".to_owned()),
        dead: Vec::new(),
    };
    let verdict = at(0, &taker(Role::Leader, "a"), &rows(vec![other]));
    assert_eq!(verdict, Verdict::Take(expected));
}

#[test]
fn the_statement_rests_on_the_marks_that_stood_still() {
    let Verdict::Take(take) = at(20, &taker(Role::Leader, "a"), &rows(vec![leader("x", "a")])) else {
        panic!("takes");
    };
    assert_eq!(
        (take.dead[0].instance.as_str(), take.dead[0].mark.as_str()),
        ("x", "mark-x")
    );
}

#[test]
fn a_row_that_was_not_watched_is_waited_for() {
    let rows = rows(vec![leader("x", "a")]);
    let process = taker(Role::Leader, "a");
    let verdict = decide(&TERMS, &process, &rows, &Watch::default(), second(100));
    assert!(
        matches!(verdict, Verdict::Wait(Wait::Processes { seconds: 20, .. })),
        "{verdict:?}"
    );
}

#[rstest]
#[case::none_there(Rows::default())]
#[case::of_another_model(rows(Vec::new()))]
fn a_worker_comes_after_the_leader_of_its_model(#[case] rows: Rows) {
    let verdict = at(60, &taker(Role::Worker, "b"), &rows);
    assert!(
        matches!(verdict, Verdict::Wait(Wait::Leader { .. })),
        "{verdict:?}"
    );
    let unled = Process {
        mode: LeaderSelection::None,
        ..taker(Role::Worker, "b")
    };
    assert!(takes(&at(0, &unled, &rows)));
}

#[test]
fn another_mode_waits_for_everybody() {
    let process = Process {
        mode: LeaderSelection::None,
        ..taker(Role::Worker, "a")
    };
    let rows = rows(vec![worker("x", "a")]);
    assert!(!takes(&at(19, &process, &rows)));
    assert!(takes(&at(20, &process, &rows)));
}

#[test]
fn the_first_of_all_takes_at_once() {
    let verdict = at(0, &taker(Role::Leader, "a"), &Rows::default());
    assert_eq!(verdict, Verdict::Take(Take::default()));
}

#[test]
fn an_answer_that_got_lost_is_found_again() {
    let rows = rows(vec![leader("own", "a"), leader("x", "b")]);
    assert_eq!(at(0, &taker(Role::Leader, "a"), &rows), Verdict::Renew);
}

#[test]
fn a_foreign_database_is_refused_until_it_is_adopted_once() {
    let process = |adopt: Option<&str>| Process {
        owner: owner("there"),
        adopt: adopt.map(ToOwned::to_owned),
        ..taker(Role::Leader, "a")
    };
    let mut rows = rows(vec![worker("x", "a")]);
    let Verdict::Refused(refusal) = at(60, &process(None), &rows) else {
        panic!("refused");
    };
    let sentence = refusal.to_string();
    assert!(
        sentence.contains("environment till in namespace shop of another cluster"),
        "{sentence}"
    );
    // Everybody of the earlier owner is waited for, a worker of the same model as well.
    assert!(!takes(&at(19, &process(Some("1")), &rows)));
    assert!(takes(&at(20, &process(Some("1")), &rows)));
    let record = rows.record.as_mut().expect("record");
    record.adopted = Some("1".to_owned());
    assert!(matches!(at(60, &process(Some("1")), &rows), Verdict::Refused(_)));
}

#[test]
fn a_later_form_is_not_guessed_at() {
    let mut rows = rows(Vec::new());
    rows.record.as_mut().expect("record").format = FORMAT + 1;
    let verdict = at(60, &taker(Role::Leader, "a"), &rows);
    assert_eq!(verdict, Verdict::Refused(Refusal::Format(FORMAT + 1)));
}

#[test]
fn a_sentence_names_whom_it_waits_for() {
    let many = (0..5).map(|number| worker(&number.to_string(), "sha256:0123456789abcdef"));
    let Verdict::Wait(wait) = at(3, &taker(Role::Leader, "a"), &rows(many.collect())) else {
        panic!("waits");
    };
    assert_eq!(wait.seconds(), Some(17));
    let sentence = wait.to_string();
    for part in ["worker pod-0 of model 0123456789ab,", "and 2 more"] {
        assert!(sentence.contains(part), "{sentence}");
    }
}

/// Whoever writes it into a status would write for ever otherwise.
#[test]
fn a_sentence_changes_neither_with_time_nor_with_the_order_of_rows() {
    let sentence = |seconds, names: [&str; 2]| {
        let workers = names.map(|name| worker(name, "b")).to_vec();
        match at(seconds, &taker(Role::Leader, "a"), &rows(workers)) {
            Verdict::Wait(wait) => wait.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(sentence(3, ["x", "y"]), sentence(9, ["y", "x"]));
}
