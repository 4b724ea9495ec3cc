use super::*;
use mendix_model::lease::LeaseStatus;
use rstest::rstest;
use serde_json::{Value, json};

/// A pod whose container has been in these states, now and before.
fn pod(name: &str, ready: bool, state: &Value, before: &Value) -> Pod {
    let container = json!({
        "name": "mendix", "image": "", "imageID": "", "ready": ready, "restartCount": 0,
        "state": state, "lastState": before,
    });
    let ready = json!({"type": "Ready", "status": if ready { "True" } else { "False" }});
    let status = json!({"phase": "Running", "containerStatuses": [container], "conditions": [ready]});
    let guarded = json!({"name": "mendix", "command": ["/run/mendix/guard/mendix", "guard", "run"]});
    let pod = json!({"metadata": {"name": name}, "spec": {"containers": [guarded]}, "status": status});
    serde_json::from_value(pod).expect("pod")
}

fn running(name: &str, ready: bool) -> Pod {
    pod(name, ready, &json!({"running": {}}), &json!({}))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands beside those that do not answer"
)]
fn says(state: LeaseState, message: &str) -> Result<GuardStatus, NoAnswer> {
    Ok(GuardStatus::of_lease(LeaseStatus {
        state,
        message: Some(message.to_owned()).filter(|message| !message.is_empty()),
        remaining_seconds: None,
        bound_seconds: Some(20),
        foreign: None,
    }))
}

fn held() -> Result<GuardStatus, NoAnswer> {
    says(LeaseState::Held, "")
}

fn synchronising() -> Result<GuardStatus, NoAnswer> {
    held().map(|status| GuardStatus {
        state: Some("synchronising".to_owned()),
        since: Some("2026-01-01T00:00:00Z".to_owned()),
        schema_statements: Some(12),
        ..status
    })
}

#[test]
fn it_is_told_what_a_leader_does_to_the_database() {
    let answers = |answer| [("a".to_owned(), answer)].into();
    let told = synchronises(&running("a", false), &answers(synchronising()));
    assert_eq!(
        told.as_deref(),
        Some("brings the schema of the database to its model by 12 statements, since 2026-01-01T00:00:00Z")
    );
    assert_eq!(synchronises(&running("a", false), &answers(held())), None);
}

/// Status, reason and sentence of pods `a`, `b` and so on, which are ready or not and answer so.
fn told(pods: &[(bool, Result<GuardStatus, NoAnswer>)]) -> Option<(Option<bool>, String, String)> {
    let named = || pods.iter().zip(["a", "b", "c"]);
    let pods: Vec<Pod> = named().map(|((ready, _), name)| running(name, *ready)).collect();
    let answers = named().map(|((_, answer), name)| (name.to_owned(), answer.clone()));
    let fact = fact(&pods, &answers.collect())?;
    assert_eq!(fact.type_, "DatabaseLease");
    Some((fact.is, fact.reason, fact.message))
}

#[rstest]
#[case::held(&[(true, held()), (true, held())], Some(true), "Held", "at most 20 s")]
#[case::one_starts(&[(true, held()), (false, Err(NoAnswer::Late))], Some(true), "Held", "at most 20 s")]
#[case::one_is_not_heard(
    &[(true, held()), (true, Err(NoAnswer::Late))], None, "NoAnswer",
    "guard of pod b is not heard: it did not answer within 2 s; let the pods of the controller reach port 8800"
)]
#[case::one_is_of_another_release(
    &[(true, Err(NoAnswer::Malformed))], None, "NoAnswer",
    "guard of pod a is not heard: its answer is not understood; a guard of another release"
)]
#[case::nobody_is_heard_yet(
    &[(false, Err(NoAnswer::Malformed))], None, "NoAnswer", "pod a is not heard yet: its answer is not understood"
)]
#[case::absent(
    &[(true, held()), (true, says(LeaseState::Absent, "no right"))], Some(false), "Absent",
    "pod b keeps no row in its database, so levels L0 to L2 hold and no more: no right"
)]
#[case::waiting(
    &[(true, says(LeaseState::Absent, "no right")), (false, says(LeaseState::Waiting, "leader x may still run"))],
    Some(false), "Waiting", "pod b: leader x may still run"
)]
#[case::lost(
    &[(false, says(LeaseState::Waiting, "leader x")), (false, says(LeaseState::Lost, "no answer for 15 s"))],
    Some(false), "Lost", "pod b: no answer for 15 s"
)]
#[case::refused(
    &[(false, says(LeaseState::Lost, "a")), (false, says(LeaseState::Refused, "it belongs to till; adopt"))],
    Some(false), "Refused", "pod b: it belongs to till; adopt"
)]
fn what_a_person_must_know_of_is_told_first(
    #[case] pods: &[(bool, Result<GuardStatus, NoAnswer>)],
    #[case] is: Option<bool>,
    #[case] reason: &str,
    #[case] words: &str,
) {
    let (found, word, sentence) = told(pods).expect("a condition");
    assert_eq!((found, word.as_str()), (is, reason));
    assert!(sentence.contains(words), "{sentence}");
}

#[test]
fn others_on_the_database_are_told_before_all_else() {
    let foreign = mendix_model::lease::Foreign {
        addresses: ["10.9.9.9".to_owned()].into(),
        runtimes: 0,
    };
    let mut seen = held().expect("an answer");
    seen.lease.foreign = Some(foreign);
    let refused = says(LeaseState::Refused, "it belongs to till");
    let (is, reason, sentence) = told(&[(true, Ok(seen)), (false, refused)]).expect("a condition");
    assert_eq!((is, reason.as_str()), (Some(false), "Foreign"));
    assert!(
        sentence.contains("10.9.9.9") && sentence.contains("role of its own"),
        "{sentence}"
    );
}

#[test]
fn without_pods_there_is_nothing_to_say() {
    assert_eq!(told(&[]), None);
    assert_eq!(told(&[(true, says(LeaseState::Ended, ""))]), None);
    let starting = pod(
        "a",
        false,
        &json!({"waiting": {"reason": "ContainerCreating"}}),
        &json!({}),
    );
    assert_eq!(fact(&[starting], &Answers::new()), None);
}

/// A pod of a plain manifest that did not ask for the guard.
#[rstest]
#[case::runs("Running", Some("Absent"))]
#[case::at_the_gate("Pending", None)]
fn a_pod_without_guard_keeps_no_row(#[case] phase: &str, #[case] expected: Option<&str>) {
    let mut pod = running("a", true);
    pod.status.as_mut().expect("a status").phase = Some(phase.to_owned());
    pod.spec.as_mut().expect("a spec").containers[0].command = Some(vec!["/startup".to_owned()]);
    let fact = fact(&[pod], &Answers::new());
    assert_eq!(fact.as_ref().map(|fact| fact.reason.as_str()), expected);
    assert!(fact.is_none_or(|fact| fact.message.contains("kubectl-mendix.io/inject-guard")));
}

/// A refused process has ended before anybody asks it.
#[rstest]
#[case::just_now(json!({"terminated": {"exitCode": 1, "message": format!("{REFUSED}foreign")}}), json!({}))]
#[case::in_back_off(
    json!({"waiting": {"reason": "CrashLoopBackOff"}}),
    json!({"terminated": {"exitCode": 1, "message": format!("{REFUSED}foreign\n")}})
)]
fn a_refusal_is_read_from_the_end_of_the_container(#[case] state: Value, #[case] before: Value) {
    let fact = fact(&[pod("a", false, &state, &before)], &Answers::new()).expect("a condition");
    assert_eq!(
        (fact.is, fact.reason.as_str(), fact.message.as_str()),
        (Some(false), "Refused", "pod a: foreign")
    );
}

#[test]
fn an_end_for_another_reason_is_no_refusal() {
    let ended = json!({"terminated": {"exitCode": 1, "message": "constant missing"}});
    assert_eq!(
        fact(&[pod("a", false, &ended, &json!({}))], &Answers::new()),
        None
    );
    // The next container runs, and its guard has the word.
    let ended = json!({"terminated": {"exitCode": 1, "message": format!("{REFUSED}foreign")}});
    let again = pod("a", true, &json!({"running": {}}), &ended);
    let answers = [("a".to_owned(), held())].into();
    assert_eq!(fact(&[again], &answers).expect("a condition").reason, "Held");
}

#[test]
fn nothing_that_counts_down_is_told() {
    let waiting = |seconds| {
        says(LeaseState::Waiting, "leader x may still run").map(|mut status| {
            status.lease.remaining_seconds = Some(seconds);
            status
        })
    };
    assert_eq!(told(&[(false, waiting(14))]), told(&[(false, waiting(13))]));
}

#[test]
fn the_order_of_pods_changes_nothing() {
    let pods = [running("a", true), running("b", true)];
    let turned = [running("b", true), running("a", true)];
    let answers: Answers = ["a", "b"]
        .map(|name| (name.to_owned(), says(LeaseState::Absent, "no right")))
        .into();
    assert_eq!(fact(&pods, &answers), fact(&turned, &answers));
}

#[rstest]
#[case::held(true, held(), None)]
#[case::absent(true, says(LeaseState::Absent, "no right"), None)]
#[case::waiting(false, says(LeaseState::Waiting, "x"), Some(LOOK_AGAIN))]
#[case::synchronising(false, synchronising(), Some(LOOK_AGAIN))]
#[case::not_listening_yet(false, Err(NoAnswer::Late), Some(LOOK_AGAIN))]
#[case::not_let_through(true, Err(NoAnswer::Late), Some(read::UNWATCHED))]
fn it_is_looked_again_only_where_no_watch_will_tell(
    #[case] ready: bool,
    #[case] answer: Result<GuardStatus, NoAnswer>,
    #[case] expected: Option<Duration>,
) {
    let pods = [running("a", ready)];
    assert_eq!(look_again(&pods, &[("a".to_owned(), answer)].into()), expected);
}
