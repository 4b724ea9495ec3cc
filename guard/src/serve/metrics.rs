//! The guard's own metrics, in the text format of Prometheus.

use crate::status::{Phase, Status};
use mendix_model::lease::LeaseState;
use std::fmt::Write;

/// Content type of the format.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The whole answer: the runtime's metrics, if they are on and were given, then ours.
pub(crate) fn answer(runtime: Option<Result<&str, &str>>, status: &Status) -> String {
    let mut text = String::new();
    if let Some(Ok(runtime)) = runtime {
        text.push_str(runtime);
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
    }
    text.push_str(&own(status));
    if let Some(runtime) = runtime {
        let help = "1 when the runtime gave its own metrics, 0 when it did not";
        text.push_str(&gauge(
            "mendix_guard_runtime_metrics_up",
            help,
            &[(String::new(), u8::from(runtime.is_ok()).into())],
        ));
    }
    text
}

fn own(status: &Status) -> String {
    let phases = Phase::ALL.map(|phase| {
        (
            format!("{{state=\"{}\"}}", phase.as_str()),
            i64::from(phase == status.state),
        )
    });
    let role = [(format!("{{role=\"{}\"}}", status.role), 1)];
    let since = [(String::new(), status.since.as_second())];
    let statements = [(
        String::new(),
        i64::try_from(status.schema_statements).unwrap_or(i64::MAX),
    )];
    let mut text = gauge("mendix_guard_role", "1 for the role of this process", &role);
    text.push_str(&gauge(
        "mendix_guard_state",
        "1 for the state of the guard, 0 for all others",
        &phases,
    ));
    let lease = LeaseState::ALL.map(|state| {
        let on = i64::from(state == status.lease.state);
        (format!("{{state=\"{}\"}}", state.as_str()), on)
    });
    text.push_str(&gauge(
        "mendix_guard_lease",
        "1 for the state of the lease on the database, 0 for all others",
        &lease,
    ));
    text.push_str(&gauge(
        "mendix_guard_state_since_seconds",
        "When the state began, in seconds since 1970",
        &since,
    ));
    text.push_str(&gauge(
        "mendix_guard_schema_statements",
        "DDL statements that this start executed",
        &statements,
    ));
    if let Some(code) = status.start.as_ref().and_then(|start| start.code) {
        let help = "Last result of the runtime's start action, 0 when it started";
        text.push_str(&gauge(
            "mendix_guard_start_result",
            help,
            &[(String::new(), code)],
        ));
    }
    text
}

fn gauge(name: &str, help: &str, samples: &[(String, i64)]) -> String {
    let mut text = format!("# HELP {name} {help}.\n# TYPE {name} gauge\n");
    for (labels, value) in samples {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{name}{labels} {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use mendix_model::names::Role;

    fn status() -> Status {
        Status::new(Role::Leader, Timestamp::from_second(7).expect("a time"))
    }

    #[test]
    fn exactly_one_state_is_on() {
        let text = answer(None, &status());
        let on: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("mendix_guard_state{") && line.ends_with(" 1"))
            .collect();
        assert_eq!(on, ["mendix_guard_state{state=\"awaitingDatabase\"} 1"]);
        assert!(
            text.contains("mendix_guard_lease{state=\"waiting\"} 1\n"),
            "{text}"
        );
        assert!(text.contains("mendix_guard_state_since_seconds 7\n"), "{text}");
        assert!(!text.contains("runtime_metrics_up"), "{text}");
    }

    #[test]
    fn the_metrics_of_the_runtime_come_first_and_end_their_line() {
        let text = answer(Some(Ok("jvm_memory 1")), &status());
        assert!(
            text.starts_with("jvm_memory 1\n# HELP mendix_guard_role"),
            "{text}"
        );
        assert!(text.ends_with("mendix_guard_runtime_metrics_up 1\n"), "{text}");
    }

    #[test]
    fn a_runtime_without_an_answer_leaves_ours() {
        let text = answer(Some(Err("late")), &status());
        assert!(text.starts_with("# HELP mendix_guard_role"), "{text}");
        assert!(text.ends_with("mendix_guard_runtime_metrics_up 0\n"), "{text}");
    }
}
