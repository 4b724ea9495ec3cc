//! Whole sequences as scripts: what is asked for, step by step, when the admin port answers as the script says.

use super::plan::tests::{document, planned};
use super::*;
use mendix_model::names::Role;
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Answers of `start` and of what follows it; everything before is answered with 0.
struct Script {
    plan: Plan,
    answers: VecDeque<(&'static str, Event)>,
    asked: Vec<String>,
}

fn reply(result: i64) -> Event {
    fed(result, json!({}))
}

fn fed(result: i64, feedback: Value) -> Event {
    Event::Replied(Reply {
        result,
        feedback,
        ..Reply::default()
    })
}

fn lost() -> Event {
    Event::Unreachable("connection refused".to_owned())
}

fn leader(answers: impl IntoIterator<Item = (&'static str, Event)>) -> Script {
    script(Role::Leader, "", answers)
}

fn worker(answers: impl IntoIterator<Item = (&'static str, Event)>) -> Script {
    script(Role::Worker, "", answers)
}

fn script(role: Role, more: &str, answers: impl IntoIterator<Item = (&'static str, Event)>) -> Script {
    Script {
        plan: planned(role, &document("{}", more)),
        answers: answers.into_iter().collect(),
        asked: Vec::new(),
    }
}

impl Script {
    /// Runs until the end, or until a step repeats without an answer left in the script.
    fn run(mut self) -> (State, Vec<String>) {
        let mut state = State::AwaitingAdminPort;
        let mut now = Duration::ZERO;
        for _ in 0..10_000 {
            let event = match step(&self.plan, &state) {
                Step::Done | Step::Fail(_) => break,
                Step::Wait(pause) => {
                    now += pause;
                    self.asked.push(format!("wait {}", pause.as_millis()));
                    Event::Waited
                }
                Step::Call(request) => self.answer(&request),
            };
            state = advance(&self.plan, state, &event, now);
        }
        assert_eq!(
            self.answers.len(),
            0,
            "answers that nobody asked for, after {:?}",
            self.asked
        );
        (state, self.asked)
    }

    fn answer(&mut self, request: &Request) -> Event {
        let params = if request.action == "start" && !request.params.is_null() {
            " (autocreatedb)"
        } else {
            ""
        };
        self.asked.push(format!("{}{params}", request.action));
        match self.answers.front() {
            Some((action, _)) if *action == request.action => self
                .answers
                .pop_front()
                .map_or_else(|| reply(0), |(_, event)| event),
            _ => reply(0),
        }
    }
}

/// What was asked for from the first `start` on.
fn from_start(asked: &[String]) -> Vec<&str> {
    asked
        .iter()
        .map(String::as_str)
        .skip_while(|action| !action.starts_with("start ") && *action != "start")
        .collect()
}

fn failure(state: State) -> Failure {
    match state {
        State::Failed(failure) => failure,
        other => panic!("not failed: {other:?}"),
    }
}

#[test]
fn a_database_that_fits_needs_one_start() {
    let (state, asked) = leader([]).run();
    let expected = [
        "echo",
        "create_log_subscriber",
        "set_log_level",
        "start_logging",
        "update_appcontainer_configuration",
        "update_configuration",
        "start",
        "set_log_level",
    ];
    assert_eq!(asked, expected);
    assert_eq!(
        state,
        State::Running(Attempt {
            result: Some(0),
            ..Attempt::default()
        })
    );
}

#[test]
fn a_leader_synchronises_the_schema() {
    let answers = [
        ("start", reply(3)),
        ("get_ddl_commands", fed(0, json!({"ddl_commands": ["a", "b"]}))),
    ];
    let (state, asked) = leader(answers).run();
    assert_eq!(
        from_start(&asked),
        [
            "start",
            "get_ddl_commands",
            "execute_ddl_commands",
            "start",
            "set_log_level"
        ]
    );
    let expected = Attempt {
        synchronisations: 1,
        statements: 2,
        result: Some(0),
        ..Attempt::default()
    };
    assert_eq!(state, State::Running(expected));
}

#[test]
fn a_leader_makes_the_database_and_then_its_schema() {
    let (state, asked) = leader([("start", reply(2)), ("start", reply(3))]).run();
    let expected = [
        "start",
        "start (autocreatedb)",
        "get_ddl_commands",
        "execute_ddl_commands",
        "start (autocreatedb)",
        "set_log_level",
    ];
    assert_eq!(from_start(&asked), expected);
    assert!(matches!(state, State::Running(_)), "{state:?}");
}

#[test]
fn a_leader_gives_up_on_a_schema_that_never_fits() {
    let (state, asked) = leader([3; 4].map(|code| ("start", reply(code)))).run();
    assert_eq!(
        asked
            .iter()
            .filter(|action| *action == "execute_ddl_commands")
            .count(),
        3
    );
    assert_eq!(failure(state).reason, "SchemaDiffers");
}

#[rstest]
#[case::no_database(2)]
#[case::schema_differs(3)]
fn a_worker_only_waits(#[case] code: i64) {
    let (state, asked) = worker([("start", reply(code)), ("start", reply(code))]).run();
    assert_eq!(
        from_start(&asked),
        [
            "start",
            "wait 10000",
            "start",
            "wait 10000",
            "start",
            "set_log_level"
        ]
    );
    assert!(matches!(state, State::Running(_)), "{state:?}");
}

#[test]
fn a_worker_waits_without_end() {
    let answers: Vec<_> = std::iter::repeat_n(("start", reply(3)), 2000).collect();
    assert!(matches!(worker(answers).run().0, State::Running(_)));
}

#[rstest]
#[case(2, "DatabaseMissing")]
#[case(4, "ConstantMissing")]
#[case(5, "UnsafePassword")]
#[case(6, "InvalidState")]
#[case(7, "DtapModeMissing")]
#[case(8, "BasePathMissing")]
#[case(9, "RuntimePathMissing")]
#[case(10, "LicenceInvalid")]
#[case(11, "SecurityOff")]
#[case(12, "AfterStartupFailed")]
#[case(13, "MobileNotLicensed")]
#[case(1, "StartFailed")]
#[case(-5, "StartFailed")]
fn other_results_end_the_start_of_a_leader(#[case] code: i64, #[case] reason: &str) {
    // Of 2, the second one: after the first the runtime is allowed to make the database.
    let times = if code == 2 { 2 } else { 1 };
    let (state, _) = leader(std::iter::repeat_n(("start", reply(code)), times)).run();
    assert_eq!(
        (failure(state.clone()).reason, failure(state).code),
        (reason, Some(code))
    );
}

#[rstest]
#[case(4)]
#[case(5)]
#[case(6)]
#[case(12)]
fn other_results_end_the_start_of_a_worker(#[case] code: i64) {
    let more = r#","adminUserPassword":"a""#;
    let (state, asked) = script(Role::Worker, more, [("start", reply(code))]).run();
    assert_eq!(failure(state).code, Some(code));
    assert_eq!(from_start(&asked), ["start"]);
}

#[test]
fn a_leader_replaces_unsafe_passwords_once() {
    let users = || fed(5, json!({"users": ["MxAdmin", "Second"]}));
    let more = r#","adminUserPassword":"a""#;
    let (state, asked) = script(Role::Leader, more, [("start", users()), ("start", users())]).run();
    assert_eq!(
        from_start(&asked),
        ["start", "update_admin_user", "update_admin_user", "start"]
    );
    assert_eq!(failure(state).reason, "UnsafePassword");
}

#[test]
fn the_admin_port_is_waited_for() {
    let (state, asked) = leader([("echo", lost()), ("echo", lost())]).run();
    assert_eq!(asked[..5], ["echo", "wait 500", "echo", "wait 500", "echo"]);
    assert!(matches!(state, State::Running(_)), "{state:?}");
}

#[test]
fn an_admin_port_that_complains_is_there() {
    let (state, _) = leader([("echo", fed(1, json!({"echo": "a critical message"})))]).run();
    assert!(matches!(state, State::Running(_)), "{state:?}");
}

#[test]
fn an_admin_port_that_stays_silent_ends_the_start() {
    let (state, _) = leader(std::iter::repeat_n(("echo", lost()), 1201)).run();
    assert_eq!(failure(state).reason, "AdminPortSilent");
}

#[rstest]
#[case("echo")]
#[case("update_configuration")]
#[case("start")]
fn a_refused_password_ends_the_start(#[case] action: &'static str) {
    let (state, _) = leader([(action, reply(-4))]).run();
    assert_eq!(failure(state).reason, "AdminPasswordRefused");
}

#[rstest]
#[case::no_answer(lost())]
#[case::action_not_there_yet(reply(-5))]
fn the_configuration_is_sent_again(#[case] event: Event) {
    let answers = [event.clone(), event].map(|event| ("update_configuration", event));
    let (state, asked) = leader(answers).run();
    let again = asked
        .iter()
        .filter(|action| *action == "update_configuration" || action.starts_with("wait"));
    let expected = [
        "update_configuration",
        "wait 1000",
        "update_configuration",
        "wait 2000",
        "update_configuration",
    ];
    assert_eq!(again.collect::<Vec<_>>(), expected);
    assert!(matches!(state, State::Running(_)), "{state:?}");
}

#[test]
fn the_configuration_is_not_sent_again_for_ever() {
    // Pauses of 1, 2, 4 and 8 s, then of 15 s until 240 s are over.
    let (state, asked) = leader(std::iter::repeat_n(("update_configuration", lost()), 20)).run();
    assert_eq!(failure(state).reason, "AdminPortLost");
    assert_eq!(asked.last().map(String::as_str), Some("update_configuration"));
}

#[rstest]
#[case("create_log_subscriber", true)]
#[case("start_logging", true)]
#[case("update_appcontainer_configuration", false)]
#[case("update_configuration", false)]
fn only_a_refused_configuration_ends_the_start(#[case] action: &'static str, #[case] runs: bool) {
    let (state, _) = leader([(action, reply(1))]).run();
    assert_eq!(matches!(state, State::Running(_)), runs, "{state:?}");
}

#[rstest]
#[case::start(&["start"], "AdminPortLost")]
#[case::count(&["start", "get_ddl_commands"], "AdminPortLost")]
#[case::execute(&["start", "execute_ddl_commands"], "AdminPortLost")]
fn what_may_still_go_on_is_never_sent_twice(#[case] actions: &[&'static str], #[case] reason: &str) {
    let answers: Vec<_> = match actions {
        [only] => vec![(*only, lost())],
        [first, last, ..] => vec![(*first, reply(3)), (*last, lost())],
        [] => Vec::new(),
    };
    let (state, asked) = leader(answers).run();
    assert_eq!(failure(state).reason, reason);
    assert_eq!(asked.last().map(String::as_str), actions.last().copied());
}

#[rstest]
#[case("get_ddl_commands")]
#[case("execute_ddl_commands")]
fn a_refused_synchronisation_ends_the_start(#[case] action: &'static str) {
    let (state, asked) = leader([("start", reply(3)), (action, reply(1))]).run();
    assert_eq!(failure(state).reason, "SynchronisationFailed");
    assert_eq!(asked.last().map(String::as_str), Some(action));
}

#[rstest]
#[case::refused(reply(1))]
#[case::lost(lost())]
#[case::forbidden(reply(-4))]
fn nothing_after_the_start_ends_it(#[case] event: Event) {
    let more = r#","adminUserPassword":"a","debuggerPassword":"d""#;
    let actions = ["create_admin_user", "update_admin_user", "enable_debugger"];
    let (state, asked) = script(Role::Leader, more, actions.map(|action| (action, event.clone()))).run();
    assert!(matches!(state, State::Running(_)), "{state:?}");
    assert_eq!(
        from_start(&asked),
        ["start", actions[0], actions[1], actions[2], "set_log_level"]
    );
}
