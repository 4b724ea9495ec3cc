//! A plan, a line a step.

use crate::plan::{Downtime, Plan};
use std::fmt::Write as _;

/// The steps, numbered, and the expected downtime.
pub(crate) fn plan(plan: &Plan) -> String {
    let mut text = String::new();
    if plan.steps.is_empty() {
        let _ = writeln!(text, "{}: nothing to do", plan.name);
    } else {
        let _ = writeln!(text, "{}:", plan.name);
        for (index, step) in plan.steps.iter().enumerate() {
            let serves = if step.serves { "" } else { "; nobody serves" };
            let _ = writeln!(text, "  {}. {}{serves}", index + 1, step.action);
        }
        let _ = writeln!(text, "expected downtime: {}", downtime(plan.downtime));
    }
    for note in &plan.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

fn downtime(downtime: Option<Downtime>) -> String {
    let Some(downtime) = downtime else {
        return "not known: no rollout of this kind is remembered".to_owned();
    };
    match downtime.of_rollout {
        None => "none".to_owned(),
        Some(number) => format!("{:#}, as in rollout {number}", downtime.duration()),
    }
}
