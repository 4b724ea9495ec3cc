use super::*;
use rstest::rstest;

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).expect("a time")
}

fn seen(model: &str, settings: &str, stage: Stage, serves: bool) -> Seen {
    Seen {
        wanted: Wanted {
            model: model.to_owned(),
            image: Some(format!("shop@{model}")),
            command: None,
            settings: settings.to_owned(),
            by: Some("kubectl-mendix".to_owned()),
        },
        stage,
        serves,
    }
}

/// What is remembered after each of these was seen, at its time in milliseconds.
fn after(all: &[(i64, Seen)]) -> Vec<Rollout> {
    all.iter().fold(Vec::new(), |known, (time, seen)| {
        remember(&known, seen, at(*time))
    })
}

fn outcomes(all: &[Rollout]) -> Vec<(i64, Change, RolloutOutcome)> {
    all.iter().map(|it| (it.number, it.change, it.outcome)).collect()
}

#[test]
fn downtime_is_from_the_last_pod_that_served_to_the_next() {
    let all = after(&[
        (0, seen("a", "1", Stage::Running, false)),
        (500, seen("a", "1", Stage::Done, true)),
        (1000, seen("b", "2", Stage::Running, true)),
        (2000, seen("b", "2", Stage::Running, false)),
        (2500, seen("b", "2", Stage::Running, false)),
        (4250, seen("b", "2", Stage::Running, true)),
        (5000, seen("b", "2", Stage::Done, true)),
    ]);
    assert_eq!(
        outcomes(&all),
        [
            (1, Change::First, RolloutOutcome::Succeeded),
            (2, Change::Model, RolloutOutcome::Succeeded)
        ]
    );
    assert_eq!(all[0].downtime_milliseconds, 0, "nothing served before the first");
    assert_eq!(all[1].downtime_milliseconds, 2250);
    assert_eq!(
        (all[1].started_at.0, all[1].ended_at.as_ref().map(|it| it.0)),
        (at(1000), Some(at(5000)))
    );
    assert_eq!(all[1].down_since, None);
}

#[rstest]
#[case::settings("a", "2", Change::Settings)]
#[case::another("b", "2", Change::Model)]
#[case::return_to_an_earlier("z", "2", Change::Return)]
fn a_rollout_says_what_it_changes(#[case] model: &str, #[case] settings: &str, #[case] expected: Change) {
    let all = after(&[
        (0, seen("z", "0", Stage::Done, true)),
        (1, seen("a", "1", Stage::Done, true)),
        (2, seen(model, settings, Stage::Running, true)),
    ]);
    assert_eq!(all[2].change, expected);
}

#[test]
fn what_is_not_over_when_something_else_is_wanted_is_superseded() {
    let all = after(&[
        (0, seen("a", "1", Stage::Done, true)),
        (1, seen("b", "1", Stage::Running, true)),
        (2, seen("c", "1", Stage::Running, true)),
    ]);
    assert_eq!(all[1].outcome, RolloutOutcome::Superseded);
    assert_eq!(all[1].ended_at.as_ref().map(|it| it.0), Some(at(2)));
    assert_eq!(all[2].outcome, RolloutOutcome::Running);
}

#[test]
fn a_downtime_is_that_of_the_rollout_that_was_wanted_meanwhile() {
    let all = after(&[
        (0, seen("a", "1", Stage::Done, true)),
        (10, seen("b", "1", Stage::Running, false)),
        (40, seen("c", "1", Stage::Running, false)),
        (45, seen("c", "1", Stage::Done, true)),
    ]);
    let downtimes: Vec<_> = all.iter().map(|it| it.downtime_milliseconds).collect();
    assert_eq!(downtimes, [0, 30, 5]);
    assert!(all.iter().all(|it| it.down_since.is_none()), "{all:#?}");
}

#[test]
fn a_failure_that_is_mended_is_a_success_and_the_time_of_the_failure_is_downtime() {
    let failed = || Stage::Failed("pod shop-0: a constant is missing".to_owned());
    let all = after(&[
        (0, seen("a", "1", Stage::Done, true)),
        (10, seen("b", "1", Stage::Running, false)),
        (20, seen("b", "1", failed(), false)),
        (30, seen("b", "1", failed(), false)),
    ]);
    assert_eq!(all[1].outcome, RolloutOutcome::Failed);
    assert_eq!(
        all[1].message.as_deref(),
        Some("pod shop-0: a constant is missing")
    );
    assert_eq!(
        all[1].ended_at.as_ref().map(|it| it.0),
        Some(at(20)),
        "the first time counts"
    );
    let mended = remember(&all, &seen("b", "1", Stage::Done, true), at(40));
    assert_eq!(mended[1].outcome, RolloutOutcome::Succeeded);
    assert_eq!(
        (mended[1].downtime_milliseconds, mended[1].message.as_deref()),
        (30, None)
    );
}

#[test]
fn what_has_succeeded_stays_as_it_ended() {
    let done = after(&[(0, seen("a", "1", Stage::Done, true))]);
    let later = remember(
        &done,
        &seen("a", "1", Stage::Failed("a crash".to_owned()), false),
        at(9),
    );
    assert_eq!(later, done);
}

#[test]
fn the_same_look_twice_changes_nothing() {
    let once = after(&[
        (0, seen("a", "1", Stage::Done, true)),
        (1, seen("b", "1", Stage::Running, false)),
    ]);
    assert_eq!(
        remember(&once, &seen("b", "1", Stage::Running, false), at(77)),
        once
    );
}

#[test]
fn the_oldest_are_forgotten_and_numbers_go_on() {
    let many: Vec<_> = (0..25)
        .map(|index| (index, seen("a", &index.to_string(), Stage::Done, true)))
        .collect();
    let all = after(&many);
    assert_eq!(all.len(), REMEMBERED);
    assert_eq!(all.first().map(|it| it.number), Some(16));
    assert_eq!(all.last().map(|it| it.number), Some(25));
}
